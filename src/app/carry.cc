#include "app/carry.h"

#include <fmt/format.h>

#include <utility>

#include "base/ascii.h"

namespace app {
namespace {

constexpr std::size_t kLineOctetsMax = 64UL * 1024;
constexpr std::uint64_t kMessagesMax = 10'000;
constexpr std::uint64_t kMailboxMessagesMax = std::uint64_t{1} << 32;
constexpr auto kPatience = std::chrono::minutes(10);
constexpr int kErrcMax = static_cast<int>(base::Errc::kCorrupt);

base::Error garbled() {
    return {base::Errc::kSyntax, "the other end of the control socket speaks otherwise"};
}

std::string format_fingerprint(std::uint64_t value) {
    std::string octets;
    for (int shift = 56; shift >= 0; shift -= 8) {
        octets += static_cast<char>(value >> static_cast<unsigned>(shift));
    }
    return octets;
}

// One connection at the server.
class CarrySession {
  public:
    CarrySession(net::LineStream& lines, MailCarrier& carrier)
        : lines_(lines),
          carrier_(carrier),
          loop_(lines.stream().loop()) {}

    base::Task<> run() {
        while (true) {
            auto line = co_await lines_.read_line(kLineOctetsMax, deadline());
            if (!line) {
                co_return;
            }
            const std::string asked(line->text);
            auto answered = co_await answer(asked);
            if (!answered) {
                lines_.put(fmt::format("error {} {}\n",
                                       static_cast<int>(answered.error().code),
                                       answered.error().text));
            }
            const auto sent = co_await lines_.flush(deadline());
            if (is_out_of_step_ || !sent) {
                co_return;
            }
        }
    }

  private:
    [[nodiscard]] base::SteadyTime deadline() const { return loop_.clock().steady() + kPatience; }

    base::Task<base::Result<>> answer(std::string asked) {
        std::string_view rest = asked;
        const std::string_view verb = base::split_front(rest, ' ');
        std::string path(rest);
        if (verb == "mailboxes") {
            CO_TRY(const auto paths, co_await carrier_.list(loop_));
            put_paths(paths);
        } else if (verb == "subscriptions") {
            CO_TRY(const auto paths, carrier_.subscriptions());
            put_paths(paths);
        } else if (verb == "make" || verb == "adopt") {
            CO_TRY_VOID(co_await carrier_.make(loop_, std::move(path), verb == "adopt"));
            lines_.put("ok\n");
        } else if (verb == "subscribe") {
            CO_TRY_VOID(co_await carrier_.subscribe(loop_, std::move(path)));
            lines_.put("ok\n");
        } else if (verb == "known") {
            CO_TRY(const auto known, co_await carrier_.known(loop_, std::move(path)));
            lines_.put(fmt::format("{}\n", known.size()));
            for (const std::uint64_t value : known) {
                lines_.put(format_fingerprint(value));
            }
        } else if (verb == "add") {
            CO_TRY_VOID(co_await add(std::move(path)));
        } else if (verb == "open") {
            CO_TRY_VOID(co_await send(std::move(path)));
        } else {
            is_out_of_step_ = true;
            co_return tl::unexpected(garbled());
        }
        co_return base::Result<>{};
    }

    void put_paths(const std::vector<std::string>& paths) {
        lines_.put(fmt::format("{}\n", paths.size()));
        for (const std::string& path : paths) {
            lines_.put(path + "\n");
        }
    }

    base::Task<base::Result<>> add(std::string asked) {
        std::string_view rest = asked;
        const auto count = base::parse_u64(base::split_front(rest, ' '), kMessagesMax);
        is_out_of_step_ = true;
        CO_TRY_VOID(co_await receive(count.value_or(0)));
        is_out_of_step_ = !count;
        CO_TRY_VOID(co_await carrier_.commit(loop_, std::string(rest)));
        lines_.put("ok\n");
        co_return base::Result<>{};
    }

    base::Task<base::Result<>> receive(std::uint64_t count) {
        for (; count > 0; --count) {
            CO_TRY(const net::Line line, co_await lines_.read_line(kLineOctetsMax, deadline()));
            std::uint64_t left = 0;
            CO_TRY(CarriedMessage head, parse_message_line(line.text, left));
            carrier_.begin(std::move(head));
            while (left > 0) {
                CO_TRY(const std::string_view some, co_await lines_.peek(deadline()));
                // The view ends when the session waits, so it is copied.
                const std::string octets(some.substr(0, left));
                lines_.consume(octets.size());
                left -= octets.size();
                CO_TRY_VOID(co_await carrier_.feed(loop_, octets));
            }
            CO_TRY_VOID(carrier_.end());
        }
        co_return base::Result<>{};
    }

    base::Task<base::Result<>> send(std::string path) {
        CO_TRY(const std::uint64_t count, co_await carrier_.open(loop_, std::move(path)));
        lines_.put(fmt::format("{}\n", count));
        is_out_of_step_ = true;
        while (true) {
            CO_TRY(const auto message, co_await carrier_.next(loop_));
            if (!message) {
                break;
            }
            lines_.put(format_message_line(*message));
            lines_.put(message->octets);
            CO_TRY_VOID(co_await lines_.flush_if_full(deadline()));
        }
        lines_.put("end\n");
        is_out_of_step_ = false;
        co_return base::Result<>{};
    }

    net::LineStream& lines_;
    MailCarrier& carrier_;
    base::Loop& loop_;
    bool is_out_of_step_ = false;  // what follows cannot be told from what was asked before
};

class RemotePort final : public MailPort {
  public:
    explicit RemotePort(Dialogue dialogue) : dialogue_(std::move(dialogue)) {}

    base::Result<std::vector<std::string>> mailboxes() override {
        return ask_for_paths("mailboxes\n");
    }

    base::Result<std::vector<std::string>> subscriptions() override {
        return ask_for_paths("subscriptions\n");
    }

    base::Result<> make(const std::string& path, bool subscribed) override {
        return ask(fmt::format("{} {}\n", subscribed ? "adopt" : "make", path));
    }

    base::Result<> subscribe(const std::string& path) override {
        return ask(fmt::format("subscribe {}\n", path));
    }

    base::Result<std::vector<std::uint64_t>> known(const std::string& path) override {
        TRY_VOID(dialogue_.send(fmt::format("known {}\n", path)));
        TRY(const std::uint64_t count, read_count());
        std::vector<std::uint64_t> values;
        while (values.size() < count) {
            TRY(const std::string octets, dialogue_.read_octets(sizeof(std::uint64_t)));
            std::uint64_t value = 0;
            for (const char octet : octets) {
                value = value << 8U | static_cast<unsigned char>(octet);
            }
            values.push_back(value);
        }
        return values;
    }

    base::Result<> add(const std::string& path,
                       const std::vector<CarriedMessage>& messages) override {
        std::string text = fmt::format("add {} {}\n", messages.size(), path);
        for (const CarriedMessage& message : messages) {
            text += format_message_line(message);
            text += message.octets;
        }
        return ask(text);
    }

    base::Result<std::uint64_t> open(const std::string& path) override {
        TRY_VOID(dialogue_.send(fmt::format("open {}\n", path)));
        return read_count();
    }

    base::Result<std::optional<CarriedMessage>> next() override {
        TRY(const std::string line, read_line());
        if (line == "end") {
            return std::nullopt;
        }
        std::uint64_t octets = 0;
        TRY(CarriedMessage message, parse_message_line(line, octets));
        TRY(message.octets, dialogue_.read_octets(octets));
        return std::optional(std::move(message));
    }

  private:
    // What is answered with "ok".
    base::Result<> ask(std::string_view request) {
        TRY_VOID(dialogue_.send(request));
        TRY(const std::string line, read_line());
        if (line != "ok") {
            return tl::unexpected(garbled());
        }
        return {};
    }

    base::Result<std::vector<std::string>> ask_for_paths(std::string_view request) {
        TRY_VOID(dialogue_.send(request));
        TRY(const std::uint64_t count, read_count());
        std::vector<std::string> paths;
        while (paths.size() < count) {
            TRY(paths.emplace_back(), dialogue_.read_line());
        }
        return paths;
    }

    // A line that is no error.
    base::Result<std::string> read_line() {
        TRY(std::string line, dialogue_.read_line());
        std::string_view rest = line;
        if (base::split_front(rest, ' ') != "error") {
            return line;
        }
        const auto code = base::parse_u64(base::split_front(rest, ' '), kErrcMax);
        return base::fail(code ? static_cast<base::Errc>(*code) : base::Errc::kUnsupported,
                          std::string(rest));
    }

    base::Result<std::uint64_t> read_count() {
        TRY(const std::string line, read_line());
        const auto count = base::parse_u64(line, kMailboxMessagesMax);
        if (!count) {
            return tl::unexpected(garbled());
        }
        return *count;
    }

    Dialogue dialogue_;
};

}  // namespace

std::string format_message_line(const CarriedMessage& message) {
    std::string line = fmt::format("message {} {} {} {} {}",
                                   message.octets.size(),
                                   message.flags,
                                   message.received.time_since_epoch().count(),
                                   message.uid,
                                   message.keywords.size());
    for (const std::string& keyword : message.keywords) {
        line += " " + keyword;
    }
    return line + " " + message.return_path + "\n";
}

base::Result<CarriedMessage> parse_message_line(std::string_view line, std::uint64_t& octets) {
    CarriedMessage message;
    const bool is_message = base::split_front(line, ' ') == "message";
    const auto number = [&line](std::uint64_t max) {
        return base::parse_u64(base::split_front(line, ' '), max);
    };
    const auto size = number(kCarriedOctetsMax);
    const auto flags = number(mail::kAllFlags);
    std::string_view received = base::split_front(line, ' ');
    const bool is_before_1970 = received.starts_with('-');
    received.remove_prefix(is_before_1970 ? 1 : 0);
    const auto received_ms = base::parse_u64(received, std::uint64_t{1} << 52U);
    const auto uid = number(std::numeric_limits<mail::Uid>::max());
    const auto keywords = number(mail::kKeywordsMax);
    if (!is_message || !size || !flags || !received_ms || !uid || !keywords) {
        return tl::unexpected(garbled());
    }
    octets = *size;
    message.flags = static_cast<std::uint32_t>(*flags);
    message.uid = static_cast<mail::Uid>(*uid);
    const auto since_1970 = std::chrono::milliseconds(static_cast<std::int64_t>(*received_ms));
    message.received = base::WallTime(is_before_1970 ? -since_1970 : since_1970);
    for (std::uint64_t left = *keywords; left > 0; --left) {
        message.keywords.emplace_back(base::split_front(line, ' '));
    }
    message.return_path = line;
    return message;
}

base::Task<> serve_carry(net::LineStream& lines, MailCarrier& carrier) {
    CarrySession session(lines, carrier);
    co_await session.run();
}

std::unique_ptr<MailPort> make_remote_port(Dialogue dialogue) {
    return std::make_unique<RemotePort>(std::move(dialogue));
}

}  // namespace app
