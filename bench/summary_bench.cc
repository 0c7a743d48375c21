// What a summary costs a delivery, and an answer made of one: microseconds each on one core, the best of
// many rounds.
//
//     summary_bench [SECONDS]
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/random.h"
#include "mail/kept_fields.h"
#include "mail/summarizer.h"
#include "mail/summary.h"
#include "mime/builder.h"

namespace {

std::string words(base::Random& random, std::size_t octets) {
    std::string text;
    for (std::size_t column = 0; text.size() < octets;) {
        const std::string word = random.token(2 + random.below(8));
        column += word.size() + 1;
        text += word + (column > 65 ? "\r\n" : " ");
        column = column > 65 ? 0 : column;
    }
    return text;
}

// A message of about `octets`, with the trace fields of one hop.
std::string message(base::Random& random, std::size_t octets, bool html) {
    mime::Draft draft;
    draft.date = base::WallTime{std::chrono::seconds{1'795'255'200}};
    draft.from = {mime::Mailbox{"Alice Green", "alice", "crepes.example"}};
    draft.to.emplace_back(mime::Mailbox{"Bob", "bob", "hamburger.example"});
    draft.subject = "Plans for " + random.token(12);
    draft.message_id = mime::make_message_id(random, "crepes.example");
    draft.references = {random.token(20) + "@x.example"};
    const std::size_t text = octets > 900 ? octets - 900 : 0;
    draft.text = words(random, html ? text / 4 : text);
    if (html) {
        draft.html = "<html><body><p>" + words(random, text * 3 / 4) + "</p></body></html>";
    }
    return "Received: from mx.crepes.example (mx.crepes.example [192.0.2.7])\r\n"
           "\tby mx.hamburger.example with ESMTPS id " +
           random.token(12) +
           "\r\n\tfor <bob@hamburger.example>; Sat, 21 Nov 2026 10:00:00 +0000\r\n" +
           mime::build_message(draft, random).value();
}

template <class Function>
double best_us(const std::vector<std::string>& messages, double seconds, Function function) {
    using Clock = std::chrono::steady_clock;
    double best = 1e9;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < end) {
        const auto begin = Clock::now();
        for (const std::string& each : messages) {
            function(each);
        }
        const std::chrono::duration<double, std::micro> took = Clock::now() - begin;
        best = std::min(best, took.count() / static_cast<double>(messages.size()));
    }
    return best;
}

void run(std::string_view name, std::size_t octets, bool html, double seconds) {
    base::SeededRandom random(2026);
    std::vector<std::string> messages;
    std::vector<std::string> packed;
    std::size_t packed_octets = 0;
    for (int i = 0; i < 500; ++i) {
        messages.push_back(message(random, octets, html));
        packed.push_back(mail::summarize(messages.back()).packed());
        packed_octets += packed.back().size();
    }
    std::size_t sum = 0;  // keeps the work from being optimised away
    const auto read = [](const std::string& octets_of_it) {
        return mail::Summary::unpack(octets_of_it).value();
    };
    const double parse = best_us(
        messages, seconds, [&](const std::string& each) { sum += mime::parse(each).parts.size(); });
    const double make = best_us(messages, seconds, [&](const std::string& each) {
        sum += mail::summarize(each).packed().size();
    });
    const double envelope = best_us(packed, seconds, [&](const std::string& each) {
        sum += mail::format_envelope(read(each))->size();
    });
    const double body = best_us(packed, seconds, [&](const std::string& each) {
        sum += mail::format_body(read(each), mime::BodyForm::kBodyStructure)->size();
    });
    const std::vector<std::string> names = {"From", "To", "Subject", "Date", "Message-ID"};
    const mail::FieldChoice choice(names);
    const double fields = best_us(
        packed, seconds, [&](const std::string& each) { sum += choice.of(read(each))->size(); });
    fmt::print(
        "{}\tsummary {:.2f} us (of it parse {:.2f}), {} octets\tenvelope {:.2f}\tbodystructure "
        "{:.2f}\tfields {:.2f}\n",
        name,
        make,
        parse,
        packed_octets / messages.size(),
        envelope,
        body,
        fields);
    fmt::print(stderr, "{}\n", sum);
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds =
        static_cast<double>(base::parse_u64(argc > 1 ? argv[1] : "1").value_or(1));
    run("1 KiB text", 1024, false, seconds);
    run("4 KiB text", 4096, false, seconds);
    run("4 KiB alternative", 4096, true, seconds);
    run("60 KiB alternative", 60 << 10, true, seconds);
    return 0;
}
