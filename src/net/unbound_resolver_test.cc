// Tests of the resolver over libunbound, against a real name server on loopback (tests/support).
#include "net/unbound_resolver.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/ascii.h"
#include "net/dns_data.h"
#include "net/loop.h"
#include "net/unique_fd.h"

namespace net {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::string_view kZone = R"(
crepes.example       MX    10 Mail.Crepes.Example.
crepes.example       MX    20 backup.hamburger.example
crepes.example       TXT   v=spf1 -all
mail.crepes.example  A     192.0.2.1
mail.crepes.example  AAAA  2001:db8::1
www.crepes.example   CNAME mail.crepes.example
nomail.example       MX    0 .
7.2.0.192.in-addr.arpa CNAME 7.0/25.2.0.192.in-addr.arpa
7.0/25.2.0.192.in-addr.arpa PTR seven.example
1.2.0.192.in-addr.arpa PTR mail.crepes.example
_25._tcp.mail.crepes.example TLSA 03 01 01 ab cd
broken.example       SERVFAIL
away.example         TIMEOUT
lost.example         A     192.0.2.9
lost.example         DROP  1
long.example         A     192.0.2.8
long.example         TRUNCATE
signed.example       SIGN
signed.example       A     192.0.2.7
forged.signed.example A    192.0.2.66
forged.signed.example FORGE
)";

// tests/support/dns_server.py with that zone.
class NameServer {
  public:
    explicit NameServer(const std::string& zone_file) {
        int input[2];
        int output[2];
        EXPECT_EQ(::pipe2(input, O_CLOEXEC), 0);
        EXPECT_EQ(::pipe2(output, O_CLOEXEC), 0);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, input[0], 0);
        posix_spawn_file_actions_adddup2(&actions, output[1], 1);
        std::string program = "tests/support/dns_server.py";
        std::string file = zone_file;
        char* arguments[] = {program.data(), file.data(), nullptr};
        EXPECT_EQ(::posix_spawn(&child_, program.c_str(), &actions, nullptr, arguments, environ),
                  0);
        posix_spawn_file_actions_destroy(&actions);
        ::close(input[0]);
        ::close(output[1]);
        input_.reset(input[1]);
        output_ = ::fdopen(output[0], "r");
        endpoint_.port = base::parse_number<std::uint16_t>(line()).value_or(0);
    }

    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;

    ~NameServer() {
        input_.reset();
        std::fclose(output_);
        ::waitpid(child_, nullptr, 0);
    }

    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

    // The next line of its output: its port, then the questions.
    std::string line() {
        std::array<char, 512> text{};
        std::string_view read =
            std::fgets(text.data(), text.size(), output_) == nullptr ? "" : text.data();
        return std::string(read.substr(0, read.find('\n')));
    }

  private:
    pid_t child_ = 0;
    UniqueFd input_;
    std::FILE* output_ = nullptr;
    Endpoint endpoint_{.address = "127.0.0.1", .port = 0, .path = ""};
};

class UnboundResolverTest : public testing::Test {
  protected:
    UnboundResolverTest()
        : directory_(testing::TempDir() + "net_resolver_test." + std::to_string(::getpid())) {
        std::filesystem::create_directories(directory_);
        std::ofstream(directory_ + "/zone") << kZone;
        server_ = std::make_unique<NameServer>(directory_ + "/zone");
        options_.servers = {server_->endpoint()};
    }

    ~UnboundResolverTest() override { std::filesystem::remove_all(directory_); }

    Answer ask(const std::string& name, RecordType type) {
        if (!resolver_) {
            auto made = make_resolver(options_);
            EXPECT_TRUE(made) << made.error().text;
            resolver_ = std::move(*made);
        }
        std::optional<Answer> answer;
        base::spawn(keep(loop_, resolver_->lookup(loop_, name, type), answer),
                    [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
        loop_.run();
        return answer.value_or(Answer());
    }

    static base::Task<> keep(IoLoop& loop, base::Task<Answer> task, std::optional<Answer>& into) {
        into = co_await task;
        loop.stop();
    }

    IoLoop loop_;
    std::string directory_;
    std::unique_ptr<NameServer> server_;
    ResolverOptions options_;
    std::unique_ptr<Resolver> resolver_;
};

TEST_F(UnboundResolverTest, FindsEveryTypeOfRecord) {
    const Answer mx = ask("CREPES.example.", RecordType::kMx);
    EXPECT_EQ(mx.status, Answer::kFound) << mx.why;
    EXPECT_THAT(mx.mx,
                UnorderedElementsAre(MxRecord{10, "mail.crepes.example"},
                                     MxRecord{20, "backup.hamburger.example"}));
    EXPECT_EQ(mx.canonical, "crepes.example");
    EXPECT_GT(mx.ttl, 3590s);
    EXPECT_LE(mx.ttl, 3600s);
    EXPECT_FALSE(mx.secure);

    const struct {
        const char* name;
        RecordType type;
        std::string record;
    } rows[] = {
        {"mail.crepes.example", RecordType::kA, "192.0.2.1"},
        {"mail.crepes.example", RecordType::kAaaa, "2001:db8::1"},
        {"crepes.example", RecordType::kTxt, "v=spf1 -all"},
        {"www.crepes.example", RecordType::kCname, "mail.crepes.example"},
        {"1.2.0.192.in-addr.arpa", RecordType::kPtr, "mail.crepes.example"},
        {"_25._tcp.mail.crepes.example", RecordType::kTlsa, "\x03\x01\x01\xab\xcd"},
    };

    for (const auto& row : rows) {
        EXPECT_THAT(ask(row.name, row.type).records, ElementsAre(row.record)) << row.name;
    }
    EXPECT_THAT(ask("nomail.example", RecordType::kMx).mx, ElementsAre(MxRecord{0, ""}));
    const Answer classless = ask("7.2.0.192.in-addr.arpa", RecordType::kPtr);
    EXPECT_THAT(classless.records, ElementsAre("seven.example"));
    EXPECT_EQ(classless.canonical, "7.0?25.2.0.192.in-addr.arpa") << "as libunbound writes it";
    const Answer alias = ask("www.crepes.example", RecordType::kA);
    EXPECT_THAT(alias.records, ElementsAre("192.0.2.1"));
    EXPECT_EQ(alias.canonical, "mail.crepes.example");
}

TEST_F(UnboundResolverTest, SaysWhatIsMissing) {
    EXPECT_EQ(ask("crepes.example", RecordType::kA).status, Answer::kNoData);
    EXPECT_EQ(ask("elsewhere.example", RecordType::kMx).status, Answer::kNoDomain);
    const Answer broken = ask("broken.example", RecordType::kMx);
    EXPECT_EQ(broken.status, Answer::kFailed);
    EXPECT_THAT(broken.why, HasSubstr("SERVFAIL"));
    EXPECT_TRUE(broken.temporary());
    EXPECT_EQ(ask("not a name", RecordType::kMx).status, Answer::kNoDomain);
}

TEST_F(UnboundResolverTest, AsksAgain) {
    EXPECT_THAT(ask("lost.example", RecordType::kA).records, ElementsAre("192.0.2.9"));
    EXPECT_THAT(ask("long.example", RecordType::kA).records, ElementsAre("192.0.2.8"));
    std::string question = "any";
    while (!question.empty() && question != "A long.example tcp") {
        question = server_->line();
    }
    EXPECT_EQ(question, "A long.example tcp");
}

TEST_F(UnboundResolverTest, RemembersAnswers) {
    EXPECT_TRUE(ask("mail.crepes.example", RecordType::kA).found());
    EXPECT_EQ(ask("elsewhere.example", RecordType::kA).status, Answer::kNoDomain);
    server_.reset();
    EXPECT_TRUE(ask("mail.crepes.example", RecordType::kA).found());
    EXPECT_EQ(ask("elsewhere.example", RecordType::kA).status, Answer::kNoDomain);
}

TEST_F(UnboundResolverTest, DoesNotWaitForEver) {
    options_.patience = 20ms;
    EXPECT_EQ(ask("away.example", RecordType::kA).status, Answer::kTimeout);
    {
        const auto abandoned = resolver_->lookup(loop_, "away.example", RecordType::kMx);
        abandoned.start();
    }
    resolver_.reset();  // with questions that wait
    SUCCEED();
}

TEST_F(UnboundResolverTest, BoundsTheQuestionsThatWait) {
    options_.patience = 5s;
    options_.questions_max = 1;
    EXPECT_TRUE(ask("mail.crepes.example", RecordType::kA).found());
    const auto waiting = resolver_->lookup(loop_, "away.example", RecordType::kA);
    waiting.start();
    const Answer answer = ask("mail.crepes.example", RecordType::kMx);
    EXPECT_EQ(answer.status, Answer::kFailed);
    EXPECT_EQ(answer.why, "too many questions wait for an answer");
}

TEST_F(UnboundResolverTest, BelievesOnlyTheRightSignatures) {
    options_.trust_anchor = directory_ + "/zone.anchor";
    const Answer signed_answer = ask("signed.example", RecordType::kA);
    EXPECT_TRUE(signed_answer.found()) << signed_answer.why;
    EXPECT_TRUE(signed_answer.secure);
    const Answer forged = ask("forged.signed.example", RecordType::kA);
    EXPECT_EQ(forged.status, Answer::kFailed);
    EXPECT_FALSE(forged.secure);
    EXPECT_THAT(forged.why, HasSubstr("signature"));
    const Answer unsigned_answer = ask("mail.crepes.example", RecordType::kA);
    EXPECT_TRUE(unsigned_answer.found());
    EXPECT_FALSE(unsigned_answer.secure);
}

TEST(UnboundResolverOptionsTest, SaysWhatIsWrong) {
    const auto missing = make_resolver({.trust_anchor = "/nonexistent.key"});
    EXPECT_THAT(missing.error().text, HasSubstr("/nonexistent.key is not there; install"));
    const auto socket = make_resolver({.servers = {{.address = "", .port = 0, .path = "/run/x"}}});
    EXPECT_THAT(socket.error().text, HasSubstr("no address of a name server"));
}

std::string octets(std::initializer_list<std::string_view> labels) {
    std::string name;
    for (const std::string_view label : labels) {
        name += static_cast<char>(label.size());
        name += label;
    }
    return name + '\0';
}

TEST(DnsDataTest, ReadsNames) {
    const std::string long_label(63, 'x');

    const struct {
        std::string input;
        std::optional<std::string> name;
    } rows[] = {
        {octets({}), ""},
        {octets({"Mail", "Crepes", "example"}), "mail.crepes.example"},
        {octets({"a.b", "c"}), "a\\046b.c"},
        {octets({"a b\xff"}), "a\\032b\\255"},
        {octets({long_label, long_label, long_label, std::string(61, 'y')}),
         long_label + "." + long_label + "." + long_label + "." + std::string(61, 'y')},
        {octets({long_label, long_label, long_label, std::string(62, 'y')}), std::nullopt},
        {"", std::nullopt},
        {"\x03"
         "ab",
         std::nullopt},
        {std::string("\xc0\x0c", 2), std::nullopt},
    };

    for (const auto& row : rows) {
        std::string_view rest = row.input;
        EXPECT_EQ(take_domain_name(rest), row.name) << row.input;
        EXPECT_TRUE(!row.name || rest.empty());
    }
}

TEST(DnsDataTest, RefusesMalformedRecords) {
    const std::pair<RecordType, std::string> rows[] = {
        {RecordType::kA, "abc"},
        {RecordType::kA, "abcde"},
        {RecordType::kAaaa, "abcd"},
        {RecordType::kMx, ""},
        {RecordType::kMx,
         std::string("\0\x0a\x03"
                     "ab",
                     5)},
        {RecordType::kMx, std::string("\0\x0a\0x", 4)},
        {RecordType::kTxt, ""},
        {RecordType::kTxt,
         "\x05"
         "four"},
        {RecordType::kTlsa, "\x03\x01\x01"},
        {RecordType::kPtr, octets({"a"}) + "rest"},
    };
    for (const auto& [type, data] : rows) {
        Answer answer;
        EXPECT_FALSE(add_record(type, data, answer)) << record_type_name(type);
        EXPECT_TRUE(answer.records.empty() && answer.mx.empty());
    }
    Answer answer;
    EXPECT_TRUE(add_record(RecordType::kTxt, "\x03one\x01 \x03two", answer));
    EXPECT_THAT(answer.records, ElementsAre("one two"));
}

TEST(DnsDataTest, KnowsNamesThatMayBeAskedFor) {
    const std::pair<std::string, std::optional<std::string>> rows[] = {
        {"Crepes.Example", "crepes.example"},
        {"crepes.example.", "crepes.example"},
        {"_25._tcp.mail", "_25._tcp.mail"},
        {"a", "a"},
        {"", std::nullopt},
        {".", std::nullopt},
        {"a..b", std::nullopt},
        {".a", std::nullopt},
        {"a b", std::nullopt},
        {"a\\046b", std::nullopt},
        {std::string("a\0b", 3), std::nullopt},
        {"cr\xc3\xaapes.example", std::nullopt},
        {std::string(63, 'a'), std::string(63, 'a')},
        {std::string(64, 'a'), std::nullopt},
        {std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." +
             std::string(62, 'd'),
         std::nullopt},
    };
    for (const auto& [name, question] : rows) {
        EXPECT_EQ(to_question(name), question) << name;
    }
}

}  // namespace
}  // namespace net
