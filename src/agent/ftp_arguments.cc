#include "agent/ftp_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/local_file.h"
#include "agent/when.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr std::string_view kUsage =
    R"(Usage: staffetta ftp [OPTIONS] [HOST | URL]         talk to a server, command by command
       staffetta ftp [OPTIONS] get URL... [-o FILE]   fetch; FILE - is standard output
       staffetta ftp [OPTIONS] put FILE... URL        send; FILE - is standard input
       staffetta ftp [OPTIONS] ls [--names] URL       list a folder
       staffetta ftp [OPTIONS] mirror URL DIR         make DIR a copy of the server's folder
       staffetta ftp [OPTIONS] mirror -R DIR URL      make the server's folder a copy of DIR

URL is ftp://[USER[:PASSWORD]@]HOST[:PORT]/PATH, ftps:// for TLS from the start, ftpes:// for TLS or nothing.

Who we are:
  -u, --user NAME[:PASSWORD]   instead of .netrc; --password-stdin reads the password from standard input
  -a, --anonymous              log in as anonymous
  -n                           do not log in by itself (interactive)
  -N, --netrc FILE             instead of ~/.netrc
Protection:
  --tls never|offered|required|implicit   by default offered: AUTH TLS where the server knows it
  --cacert FILE                trust these authorities instead of the system's
  --insecure                   go on when the certificate does not prove the host
  --clear-data                 protect commands only
Connections:
  -4, -6                       only IPv4, only IPv6
  -A, --active                 the server connects to us;  -p, --passive  we connect (default)
  --no-epsv, --no-mlsd         do not use these, for broken servers
  -q, --timeout SECONDS        patience with a silent server (60)
  -T, --limit-rate OCTETS      a second, all connections together, as 200k or 1.5M
  --retry N                    try again N times when a transfer breaks off (3), going on where it was
  -r, --retry-delay SECONDS    before the first (1); doubled for each that follows
Transfers:
  -o, --output FILE            where to put what is fetched
  -c, -R, --continue           go on where an earlier transfer ended, after comparing with HASH
  --append                     put: add to the end of the file
  --ascii                      translate line ends
  --no-times                   do not keep files' times
  --segments N                 get, mirror: N connections for one file; a get that was killed goes on
  -g                           no globbing;  -i  no questions in mget, mput, mdelete
  -s, -V, --quiet              no meter;  -v  show replies;  -d, --debug  show the whole dialogue;
                               -t, --trace  with the time of each line
  -e COMMANDS                  at the prompt: do this first; may be given again
  -f, --script FILE            do what the file says, and no more
Mirror:
  -R, --reverse                upload; behind `mirror` the letters -e -i -n -r -X are lftp's, too, and a slash behind
                               the target means a folder of the source's name in it: `pub backup/` is backup/pub
  -x, --exclude GLOB           leave out what is called so; -I, --include GLOB wins over it
  --exclude-regex RX           the same for paths in which RX is found; --include-regex RX
  --delete                     remove what the source has not;  --dry-run  only say what would be done
  -P, --parallel N             so many transfers at a time;  --only-newer  keep what is newer there
  --newer-than WHEN|FILE       leave older files alone: now-7days, "2026-01-31 08:00";  --older-than  newer ones
  --only-missing               nothing that is there;  --only-existing  nothing that is not
  --ignore-time, --ignore-size  what does not tell that a file was changed
  --no-recursion               this folder's files only
  --loop                       over and over until nothing is left to be copied
  --remove-source-files        delete each file that was copied at its source

Exit status: 0 done, 64 usage, 66 no such file, 68 no such host, 69 nobody answers or no TLS, 73 no room or
may not be made, 74 the connection broke or a disk failed, 75 try again, 76 the server refused or spoke
nonsense, 77 not permitted: login, certificate, file, 78 a .netrc that cannot be understood.
)";

class Reader {
  public:
    Reader(const std::vector<std::string>& arguments, FtpArguments& into)
        : arguments_(arguments),
          into_(into) {}

    base::Result<> read() {
        while (at_ < arguments_.size()) {
            const std::string& word = arguments_[at_++];
            if (word == "--") {
                operands_only_ = true;
            } else if (operands_only_ || word == "-" || !word.starts_with('-')) {
                take_operand(word);
            } else if (word.starts_with("--")) {
                TRY_VOID(take_long(std::string_view(word).substr(2)));
            } else {
                TRY_VOID(take_letters(std::string_view(word).substr(1)));
            }
        }
        return {};
    }

  private:
    void take_operand(const std::string& word) {
        constexpr std::array<std::string_view, 4> kVerbs{"get", "put", "ls", "mirror"};
        const bool is_verb = std::find(kVerbs.begin(), kVerbs.end(), word) != kVerbs.end();
        if (into_.verb.empty() && into_.operands.empty() && is_verb) {
            into_.verb = word;
        } else {
            into_.operands.push_back(word);
        }
    }

    base::Result<std::string> value(std::string_view option,
                                    std::optional<std::string_view> given) {
        if (given) {
            return std::string(*given);
        }
        if (at_ == arguments_.size()) {
            return fail(Errc::kSyntax, fmt::format("{} wants a value", option));
        }
        return arguments_[at_++];
    }

    // lftp's long names that have another one here.
    static std::string_view own_name(std::string_view name) {
        return name == "exclude-glob" ? "exclude" : name == "include-glob" ? "include" : name;
    }

    base::Result<> take_long(std::string_view word) {
        const std::size_t equals = word.find('=');
        const std::string_view name = own_name(word.substr(0, equals));
        std::optional<std::string_view> given;
        if (equals != std::string_view::npos) {
            given = word.substr(equals + 1);
        }
        for (const Option& option : kOptions) {
            if (option.name == name) {
                return take(option, given);
            }
        }
        return fail(Errc::kSyntax,
                    fmt::format("--{} is no option; see staffetta ftp --help", name));
    }

    // Behind the verb `mirror` letters are lftp's: there -R sends, elsewhere BSD's -R goes on with a transfer.
    [[nodiscard]] std::string_view name_behind_mirror(char letter) const {
        constexpr std::array<std::pair<char, std::string_view>, 6> kLetters{
            {{'R', "reverse"},
             {'X', "exclude"},
             {'e', "delete"},
             {'i', "include-regex"},
             {'n', "only-newer"},
             {'r', "no-recursion"}}};
        const auto* found = std::find_if(kLetters.begin(), kLetters.end(), [&](const auto& row) {
            return into_.verb == "mirror" && row.first == letter;
        });
        return found == kLetters.end() ? "" : found->second;
    }

    base::Result<> take_letters(std::string_view letters) {
        while (!letters.empty()) {
            const char letter = letters[0];
            letters.remove_prefix(1);
            const std::string_view meant = name_behind_mirror(letter);
            const auto* option =
                std::find_if(kOptions.begin(), kOptions.end(), [&](const Option& candidate) {
                    return meant.empty() ? candidate.letters.find(letter) != std::string_view::npos
                                         : candidate.name == meant;
                });
            if (option == kOptions.end()) {
                return fail(Errc::kSyntax,
                            fmt::format("-{} is no option; see staffetta ftp --help", letter));
            }
            if (option->with_value != nullptr && !letters.empty()) {
                return take(*option, letters);
            }
            TRY_VOID(take(*option, std::nullopt));
        }
        return {};
    }

    struct Option {
        std::string_view name;
        std::string_view letters;
        void (*flag)(FtpArguments&);
        base::Result<> (*with_value)(FtpArguments&, const std::string&);
    };

    base::Result<> take(const Option& option, std::optional<std::string_view> given) {
        if (option.with_value != nullptr) {
            TRY(const std::string text, value(option.name, given));
            return option.with_value(into_, text);
        }
        if (given) {
            return fail(Errc::kSyntax, fmt::format("--{} takes no value", option.name));
        }
        option.flag(into_);
        return {};
    }

    static base::Result<> take_tls(FtpArguments& to, const std::string& value) {
        using enum ftp::ClientTls;
        constexpr std::array<std::pair<std::string_view, ftp::ClientTls>, 4> kLevels{
            {{"never", kNever},
             {"offered", kOffered},
             {"required", kRequired},
             {"implicit", kImplicit}}};
        for (const auto& [name, level] : kLevels) {
            if (name == value) {
                to.settings.tls = level;
                return {};
            }
        }
        return fail(Errc::kSyntax, "--tls is never, offered, required or implicit");
    }

    static base::Result<> take_seconds(FtpArguments& to, const std::string& value) {
        const auto seconds = base::parse_number<unsigned>(value, 86400U);
        if (!seconds || *seconds == 0) {
            return fail(Errc::kSyntax, "--timeout wants seconds, 1 to 86400");
        }
        to.settings.patience = std::chrono::seconds(*seconds);
        return {};
    }

    static base::Result<> take_retries(FtpArguments& to, const std::string& value) {
        const auto retries = base::parse_number<unsigned>(value, 1000U);
        if (!retries) {
            return fail(Errc::kSyntax, "--retry wants a number, 0 to 1000");
        }
        to.settings.retries = *retries;
        return {};
    }

    static base::Result<> take_retry_delay(FtpArguments& to, const std::string& value) {
        const auto seconds = base::parse_number<unsigned>(value, 86400U);
        if (!seconds) {
            return fail(Errc::kSyntax, "--retry-delay wants seconds, 0 to 86400");
        }
        to.settings.retry_delay = std::chrono::seconds(*seconds);
        return {};
    }

    static base::Result<> take_rate(FtpArguments& to, const std::string& value) {
        TRY(to.settings.rate_max, parse_octets(value));
        return {};
    }

    // A moment, or a file here whose time is meant.
    static base::Result<> take_when(const std::string& value, std::optional<base::WallTime>& to) {
        if (const auto file = status_of(value)) {
            to = file->modified;
            return {};
        }
        TRY(to, parse_when(value, base::SystemClock().now()));
        return {};
    }

    static base::Result<> take_count(std::string_view name,
                                     const std::string& value,
                                     unsigned& to) {
        const auto count = base::parse_number<unsigned>(value, 64U);
        if (!count || *count == 0) {
            return fail(Errc::kSyntax, fmt::format("{} wants a number, 1 to 64", name));
        }
        to = *count;
        return {};
    }

    static const std::array<Option, 54> kOptions;

    const std::vector<std::string>& arguments_;
    FtpArguments& into_;
    std::size_t at_ = 0;
    bool operands_only_ = false;
};

using A = FtpArguments;

constexpr std::array<Reader::Option, 54> Reader::kOptions{{
    {"user",
     "u",
     nullptr,
     [](A& a, const std::string& v) {
         a.user = v;
         return base::Result<>();
     }},
    {"password-stdin", "", [](A& a) { a.password_from_stdin = true; }, nullptr},
    {"anonymous", "a", [](A& a) { a.anonymous = true; }, nullptr},
    {"no-login", "n", [](A& a) { a.auto_login = false; }, nullptr},
    {"netrc",
     "N",
     nullptr,
     [](A& a, const std::string& v) {
         a.settings.netrc = v;
         return base::Result<>();
     }},
    {"tls", "", nullptr, take_tls},
    {"cacert",
     "",
     nullptr,
     [](A& a, const std::string& v) {
         a.settings.authorities = v;
         return base::Result<>();
     }},
    {"insecure", "k", [](A& a) { a.settings.verify = false; }, nullptr},
    {"clear-data", "", [](A& a) { a.settings.protect_data = false; }, nullptr},
    {"ipv4", "4", [](A& a) { a.settings.family = net::Family::kIpv4; }, nullptr},
    {"ipv6", "6", [](A& a) { a.settings.family = net::Family::kIpv6; }, nullptr},
    {"active", "A", [](A& a) { a.settings.passive = false; }, nullptr},
    {"passive", "p", [](A& a) { a.settings.passive = true; }, nullptr},
    {"no-epsv", "", [](A& a) { a.settings.extended = false; }, nullptr},
    {"no-mlsd", "", [](A& a) { a.settings.use_mlsd = false; }, nullptr},
    {"timeout", "q", nullptr, take_seconds},
    {"limit-rate", "T", nullptr, take_rate},
    {"retry", "", nullptr, take_retries},
    {"retry-delay", "r", nullptr, take_retry_delay},
    {"output",
     "o",
     nullptr,
     [](A& a, const std::string& v) {
         a.output = v;
         return base::Result<>();
     }},
    {"continue", "cR", [](A& a) { a.resume = true; }, nullptr},
    {"append", "", [](A& a) { a.append = true; }, nullptr},
    {"ascii", "", [](A& a) { a.type = ftp::Type::kAscii; }, nullptr},
    {"no-times", "", [](A& a) { a.keep_time = false; }, nullptr},
    {"segments",
     "",
     nullptr,
     [](A& a, const std::string& v) { return take_count("--segments", v, a.segments); }},
    {"no-glob", "g", [](A& a) { a.globbing = false; }, nullptr},
    {"no-questions", "i", [](A& a) { a.ask_each = false; }, nullptr},
    {"quiet", "sV", [](A& a) { a.quiet = true; }, nullptr},
    {"verbose", "v", [](A& a) { a.settings.verbose = true; }, nullptr},
    {"debug", "d", [](A& a) { a.settings.debug = true; }, nullptr},
    {"trace", "t", [](A& a) { a.settings.debug = a.settings.trace = true; }, nullptr},
    {"names", "", [](A& a) { a.names_only = true; }, nullptr},
    {"execute",
     "e",
     nullptr,
     [](A& a, const std::string& v) {
         a.commands.push_back(v);
         return base::Result<>();
     }},
    {"script",
     "f",
     nullptr,
     [](A& a, const std::string& v) {
         a.script = v;
         return base::Result<>();
     }},
    {"reverse", "", [](A& a) { a.mirror.reverse = true; }, nullptr},
    {"exclude",
     "x",
     nullptr,
     [](A& a, const std::string& v) {
         a.mirror.filter.exclude_glob(v);
         return base::Result<>();
     }},
    {"exclude-regex",
     "",
     nullptr,
     [](A& a, const std::string& v) { return a.mirror.filter.exclude_expression(v); }},
    {"include",
     "I",
     nullptr,
     [](A& a, const std::string& v) {
         a.mirror.filter.include_glob(v);
         return base::Result<>();
     }},
    {"include-regex",
     "",
     nullptr,
     [](A& a, const std::string& v) { return a.mirror.filter.include_expression(v); }},
    {"delete", "", [](A& a) { a.mirror.remove = true; }, nullptr},
    {"dry-run", "", [](A& a) { a.mirror.dry_run = true; }, nullptr},
    {"only-newer", "", [](A& a) { a.mirror.only_newer = true; }, nullptr},
    {"only-missing", "", [](A& a) { a.mirror.only_missing = true; }, nullptr},
    {"only-existing", "", [](A& a) { a.mirror.only_existing = true; }, nullptr},
    {"newer-than",
     "",
     nullptr,
     [](A& a, const std::string& v) { return take_when(v, a.mirror.newer_than); }},
    {"older-than",
     "",
     nullptr,
     [](A& a, const std::string& v) { return take_when(v, a.mirror.older_than); }},
    {"ignore-time", "", [](A& a) { a.mirror.heed_time = false; }, nullptr},
    {"ignore-size", "", [](A& a) { a.mirror.heed_size = false; }, nullptr},
    {"no-recursion", "", [](A& a) { a.mirror.recurse = false; }, nullptr},
    {"loop", "", [](A& a) { a.mirror.loop = true; }, nullptr},
    {"use-pget-n",
     "",
     nullptr,
     [](A& a, const std::string& v) { return take_count("--use-pget-n", v, a.segments); }},
    {"remove-source-files", "", [](A& a) { a.mirror.remove_source = true; }, nullptr},
    {"parallel",
     "P",
     nullptr,
     [](A& a, const std::string& v) { return take_count("--parallel", v, a.mirror.parallel); }},
    {"help", "h", [](A& a) { a.wants_help = true; }, nullptr},
}};

}  // namespace

std::string_view ftp_usage() {
    return kUsage;
}

base::Result<std::uint64_t> parse_octets(std::string_view text) {
    const std::string_view whole = text;
    std::uint64_t unit = 1;
    if (!text.empty() && !base::is_digit(text.back())) {
        switch (base::to_lower(text.back())) {
            case 'k':
                unit = 1ULL << 10;
                break;
            case 'm':
                unit = 1ULL << 20;
                break;
            case 'g':
                unit = 1ULL << 30;
                break;
            default:
                unit = 0;
        }
        text.remove_suffix(1);
    }
    const std::string_view integer = base::split_front(text, '.');
    const auto units = base::parse_u64(integer, 1ULL << 30);
    const auto tenths = text.empty() ? std::optional<std::uint64_t>(0)
                                     : (text.size() == 1 ? base::parse_u64(text) : std::nullopt);
    if (unit == 0 || !units || !tenths) {
        return fail(Errc::kSyntax, fmt::format("{} is no amount; write 500, 64k or 1.5M", whole));
    }
    return *units * unit + *tenths * unit / 10;
}

base::Result<FtpArguments> parse_ftp_arguments(const std::vector<std::string>& arguments) {
    FtpArguments parsed;
    TRY_VOID(Reader(arguments, parsed).read());
    return parsed;
}

}  // namespace agent
