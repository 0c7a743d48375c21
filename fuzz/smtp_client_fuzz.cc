// A whole conversation of the SMTP client with a server that says anything. It ends, it stays within its memory,
// nobody is delivered to whom the server did not say so, and no line that it writes is another's than its own.
// The first octet of the input chooses LMTP, login and which extensions the envelope asks for.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/random.h"
#include "fakes/fake_loop.h"
#include "fakes/string_blob.h"
#include "net/pipe.h"
#include "smtp/client/client.h"

namespace {

struct Outcome {
    std::vector<smtp::DeliveryReport> reports;
    bool ended = false;
};

smtp::Envelope make_envelope(unsigned choice) {
    smtp::Envelope envelope;
    envelope.sender = (choice & 4U) != 0 ? "andr\xc3\xa8@bar.com" : "a@bar.com";
    envelope.parameters.smtputf8 = (choice & 4U) != 0;
    envelope.parameters.body = (choice & 8U) != 0 ? smtp::Body::kBinaryMime : smtp::Body::k8bitMime;
    envelope.recipients = {
        {.address = "x@foo.com"}, {.address = "j\xc3\xb8ran@foo.com"}, {.address = "z@foo.com"}};
    return envelope;
}

base::Task<> converse(smtp::Client& client, unsigned choice, Outcome& outcome) {
    const auto opened = co_await client.open();
    for (int i = 0; opened && i < 3; ++i) {
        fakes::StringBlob blob("Subject: caff\xc3\xa8\r\n\r\n.\r\n\nx");
        outcome.reports.push_back(co_await client.send(make_envelope(choice), blob));
        CHECK(outcome.reports.back().recipients.size() == 3);
        if (!outcome.reports.back().usable) {
            break;
        }
    }
    co_await client.quit();
    outcome.ended = true;
}

std::size_t accepted(const Outcome& outcome) {
    std::size_t count = 0;
    for (const smtp::DeliveryReport& report : outcome.reports) {
        for (const smtp::Verdict& verdict : report.recipients) {
            CHECK(!verdict.accepted() || verdict.reply.code / 100 == 2);
            CHECK(!verdict.to_string().empty());
            count += verdict.accepted() ? 1 : 0;
        }
    }
    return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const unsigned choice = size == 0 ? 0 : *data;
    fakes::FakeClock clock;
    fakes::FakeLoop loop(clock);
    base::SeededRandom random(1);
    net::PipeOptions pipe{.receive_octets_max =
                              (choice & 16U) != 0 ? std::size_t{1} : std::size_t{4096}};
    auto [server, stream] = net::make_pipe(loop, pipe);
    server->push(input.substr(std::min<std::size_t>(1, size)));
    if ((choice & 32U) == 0) {
        server->end_writing();
    }
    smtp::ClientOptions options{.lmtp = (choice & 1U) != 0, .hostname = "bar.com"};
    if ((choice & 2U) != 0) {
        options.login = {.user = "tim", .password = "secret"};
        options.login_in_clear = true;
    }
    Outcome outcome;
    smtp::Client client(*stream, options, random);
    base::spawn(converse(client, choice, outcome),
                [](const std::exception_ptr& thrown) { CHECK(!thrown); });
    CHECK(loop.run_until([&outcome] { return outcome.ended; }, std::chrono::hours(12)));
    const auto lines = static_cast<std::size_t>(std::count(input.begin(), input.end(), '\n')) + 1;
    CHECK(accepted(outcome) <= 3 * lines);
    const std::string said = server->take();
    CHECK(said.find("\r\nDATA\r\n") == std::string::npos ||
          said.find("MAIL FROM:<") != std::string::npos);
    return 0;
}
