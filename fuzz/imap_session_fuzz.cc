// A whole IMAP session: the input is what a client sends, in pieces ended by 0xff, each answered before the
// next; its first octet says in which state it begins: not logged in, logged in, with a mailbox selected to be
// changed or only read, amid IDLE, with NOTIFY, UIDONLY or UTF8=ACCEPT, between the octets of a message of APPEND,
// and compressed. Whatever comes, the session ends with its connection, the store stays sound, and nobody is let
// in without the password. All of its answers are ones that a client can read.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "base/deflate.h"
#include "fakes/world.h"
#include "imap/grammar/response.h"
#include "imap/server/server.h"
#include "net/pipe.h"

namespace {

constexpr std::string_view kUser = "bob@x.example";
constexpr std::string_view kPassword = "onion";
// As it stands in LOGIN, and in base64 at each of the three places in a group.
constexpr std::array<std::string_view, 4> kPasswords = {kPassword, "b25pb2", "9uaW9u", "vbmlvb"};
constexpr std::string_view kLogin = "a LOGIN bob@x.example onion\r\n";
constexpr std::string_view kNoLogin = "none";

// What follows the log-in.
struct Begin {
    std::string_view commands;
    bool compresses = false;  // what the client sends from there on
};

constexpr std::array<Begin, 13> kBegins = {{
    {kNoLogin},
    {""},
    {"b SELECT INBOX\r\n"},
    {"b ENABLE QRESYNC IMAP4rev2\r\nc SELECT INBOX\r\n"},
    {"b SELECT INBOX\r\nc IDLE\r\n"},
    {"b EXAMINE INBOX (CONDSTORE)\r\n"},
    {"b ENABLE UIDONLY\r\nc SELECT INBOX\r\n"},
    {"b ENABLE UTF8=ACCEPT\r\nc SELECT INBOX\r\n"},
    {"b SELECT INBOX\r\nc NOTIFY SET STATUS (selected (MessageNew (uid BODY[]) MessageExpunge "
     "FlagChange)) (personal (MessageNew MessageExpunge MailboxName SubscriptionChange))\r\n"},
    {"b SELECT INBOX\r\nc SEARCH RETURN (SAVE) ALL\r\nd STORE 1 FLAGS (\\Deleted $a)\r\n"},
    {"b SELECT INBOX\r\nc APPEND INBOX (\\Seen) {20}\r\nSubject: a"},
    {"b SELECT INBOX\r\nc COMPRESS DEFLATE\r\n", true},
    {"b COMPRESS DEFLATE\r\n"},
}};

// The client's octets as they go over the wire.
class Wire {
  public:
    explicit Wire(bool compresses) : compresses_(compresses) {}

    std::string operator()(std::string_view octets) {
        if (!compresses_) {
            return std::string(octets);
        }
        std::string wire;
        deflater_.feed(octets, base::Deflater::Flush::kSync, wire);
        return wire;
    }

  private:
    bool compresses_;
    base::Deflater deflater_{base::DeflateForm::kRaw, 6};
};

// All that the server says is of the form that RFC 9051 9 gives it, up to where it goes on compressed.
void check_grammar(std::string_view output) {
    while (const auto octets = imap::first_response(output)) {
        const auto response = imap::parse_response(output.substr(0, *octets - 2));
        CHECK(response.has_value());
        if (response->text == "DEFLATE active") {
            return;
        }
        output.remove_prefix(*octets);
    }
}

void furnish(fakes::World& world) {
    world.add_domain("x.example");
    world.add_user(kUser, kPassword);
    for (const std::string_view message :
         {"Subject: 1\r\n\r\none\r\n", "two", "From: a@b\r\nContent-Type: text/html\r\n\r\n<p>x"}) {
        world.add_message(kUser, message);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const unsigned knob = input.empty() ? 0 : static_cast<unsigned char>(input.front());
    input.remove_prefix(input.empty() ? 0 : 1);
    fakes::World world;
    furnish(world);
    auto services = world.services<imap::Services>();
    auto options = std::make_shared<imap::ServerOptions>();
    options->hostname = "x.example";
    net::PipeOptions pipe;
    pipe.client.address = "127.0.0.1";
    pipe.receive_octets_max = 1 + knob;
    auto [server, client] = net::make_pipe(world.loop, pipe);
    bool ended = false;
    base::spawn(imap::serve(std::move(server), options, services),
                [&ended](std::exception_ptr thrown) {
                    CHECK(!thrown);
                    ended = true;
                });
    const Begin& begin = kBegins[knob % kBegins.size()];
    const bool logs_in = begin.commands != kNoLogin;
    if (logs_in) {
        client->push(kLogin);
        client->push(begin.commands);
    }
    world.loop.run_for(std::chrono::seconds(1));
    std::string output = client->take();
    CHECK(!logs_in || output.find("a OK [CAPABILITY") != std::string::npos);
    CHECK(output.find(" BAD ") == std::string::npos);
    Wire wire(begin.compresses);
    std::string sent;
    for (std::string_view rest = input; !rest.empty();) {
        const std::string_view piece = base::split_front(rest, '\xff');
        sent += piece;
        client->push(wire(piece));
        world.loop.run_for(std::chrono::seconds(10));
        output += client->take();
    }
    client->close();
    world.loop.run_for(std::chrono::hours(1));
    CHECK(ended);
    CHECK(world.log_text.find("bug in an imap session") == std::string::npos);
    CHECK(output.starts_with("* OK [CAPABILITY IMAP4rev1"));
    check_grammar(output);
    CHECK(world.findings().empty());
    // In clear or in base64, the password must have been said.
    const bool let_in = !logs_in && output.find("] welcome") != std::string::npos;
    CHECK(!let_in || std::ranges::any_of(kPasswords, [&sent](std::string_view password) {
        return sent.find(password) != std::string_view::npos;
    }));
    return 0;
}
