// Messages: MAIL, RCPT, DATA or BDAT, and whose answer is whose (RFC 5321 3.3, RFC 2920, RFC 3030, RFC 2033 4.2).
#include <fmt/format.h>

#include <algorithm>

#include "smtp/client/adapt.h"
#include "smtp/client/client.h"
#include "smtp/grammar/dot_writer.h"

namespace smtp {
namespace {

constexpr std::string_view kEndOfData = "end of data";

// RFC 5321 4.5.3.1.10: no more recipients in this transaction. 552 is what older servers say, of which
// nothing else can be meant once they have taken one.
bool is_too_many(const Verdict& verdict, bool accepted_others) {
    const Reply& reply = verdict.reply;
    const bool said_so = reply.enhanced.subject == 5 && reply.enhanced.detail == 3;
    const bool unsaid = reply.enhanced.kind == 0 && accepted_others;
    return (reply.code == 452 || reply.code == 552) && (said_so || unsaid);
}

}  // namespace

// Some of a message's recipients; positions in Adapted::recipients and in the report.
struct Client::Transaction {
    enum class Kind { kReset, kMail, kRcpt, kData };

    struct Command {
        Kind kind;
        std::string line;
        std::string_view name;
        base::Duration patience;
    };

    const Adapted& adapted;
    DeliveryReport& report;
    std::vector<std::size_t> offered;
    std::size_t answered = 0;           // of them, from the front
    std::vector<std::size_t> accepted;  // and not yet judged
    std::vector<std::size_t> put_off;   // for the next transaction
    bool refused = false;               // MAIL was
    bool data_open = false;             // DATA was asked for, and the peer waits for octets

    Transaction(const Adapted& message, DeliveryReport& into, std::vector<std::size_t> whom)
        : adapted(message),
          report(into),
          offered(std::move(whom)) {}

    void judge_all(const std::vector<std::size_t>& whom, const Verdict& verdict) const {
        for (const std::size_t i : whom) {
            report.recipients[i] = verdict;
        }
    }

    [[nodiscard]] std::vector<Command> commands(bool reset, const ClientTimeouts& timeouts) const;
    void take_answer(Kind kind, Verdict verdict);
    void abandon(const Verdict& verdict);
};

std::vector<Client::Transaction::Command> Client::Transaction::commands(
    bool reset, const ClientTimeouts& timeouts) const {
    std::vector<Command> all;
    if (reset) {
        all.push_back({Kind::kReset, "RSET", "RSET", timeouts.mail});
    }
    all.push_back({Kind::kMail,
                   fmt::format("MAIL FROM:<{}>{}", adapted.sender, adapted.mail_parameters),
                   "MAIL FROM",
                   timeouts.mail});
    for (const std::size_t i : offered) {
        const Adapted::Recipient& recipient = adapted.recipients[i];
        all.push_back({Kind::kRcpt,
                       fmt::format("RCPT TO:<{}>{}", recipient.address, recipient.parameters),
                       "RCPT TO",
                       timeouts.rcpt});
    }
    if (!adapted.chunked) {
        all.push_back({Kind::kData, "DATA", "DATA", timeouts.data_initiation});
    }
    return all;
}

void Client::Transaction::take_answer(Kind kind, Verdict verdict) {
    if (kind == Kind::kMail && !verdict.accepted()) {
        refused = true;
        judge_all(offered, verdict);
    } else if (kind == Kind::kRcpt && !refused) {
        const std::size_t recipient = offered[answered++];
        if (verdict.accepted()) {
            accepted.push_back(recipient);
        } else if (is_too_many(verdict, !accepted.empty()) && !accepted.empty()) {
            put_off.push_back(recipient);
        } else {
            report.recipients[recipient] = std::move(verdict);
        }
    } else if (kind == Kind::kData) {
        data_open = verdict.reply.code == 354;
        if (!data_open) {
            // 2yz would mean that there is a message, and there is none.
            verdict.kind = verdict.accepted() ? Verdict::Kind::kTemporary : verdict.kind;
            judge_all(accepted, verdict);
            accepted.clear();
        }
    }
}

// The conversation has ended. Who was refused by name stays refused; nobody else was judged.
void Client::Transaction::abandon(const Verdict& verdict) {
    if (!refused) {
        judge_all({offered.begin() + static_cast<std::ptrdiff_t>(answered), offered.end()},
                  verdict);
    }
    judge_all(accepted, verdict);
    judge_all(put_off, verdict);
    accepted.clear();
    put_off.clear();
    data_open = false;
}

// The answer to `command`, with which the conversation may end.
base::Task<Verdict> Client::hear(std::string_view command, base::Duration patience) {
    auto reply = co_await read_reply(patience);
    co_return reply ? judge(std::move(*reply), command) : blame_connection(reply.error(), command);
}

base::Task<DeliveryReport> Client::send(Envelope envelope, store::BlobReader& body) {
    DeliveryReport report;
    report.recipients.resize(
        envelope.recipients.size(),
        refuse(Verdict::Kind::kTemporary, {4, 4, 2}, "the connection is closed", "MAIL FROM"));
    auto adapted = co_await adapt(
        lines_.stream().loop(), envelope, body, capabilities_, options_.convert_octets_max);
    if (!adapted) {
        std::fill(report.recipients.begin(), report.recipients.end(), adapted.error());
        report.usable = !lost_;
        co_return report;
    }
    report.converted = adapted->converted;
    report.peer_notifies = capabilities_.dsn;
    std::vector<std::size_t> pending;
    for (std::size_t i = 0; i < adapted->recipients.size(); ++i) {
        if (adapted->recipients[i].refusal) {
            report.recipients[i] = *adapted->recipients[i].refusal;
        } else {
            pending.push_back(i);
        }
    }
    const std::size_t most = std::min<std::uint64_t>(
        capabilities_.recipients_max.value_or(options_.recipients_max), options_.recipients_max);
    while (!pending.empty() && !lost_) {
        const auto count = static_cast<std::ptrdiff_t>(std::min(pending.size(), most));
        Transaction transaction(*adapted, report, {pending.begin(), pending.begin() + count});
        pending.erase(pending.begin(), pending.begin() + count);
        co_await transact(transaction);
        pending.insert(pending.begin(), transaction.put_off.begin(), transaction.put_off.end());
    }
    ++messages_;
    report.throttled =
        std::any_of(report.recipients.begin(), report.recipients.end(), is_throttling);
    report.usable = !lost_ && messages_ < capabilities_.messages_max.value_or(UINT64_MAX);
    co_return report;
}

base::Task<> Client::transact(Transaction& transaction) {
    co_await introduce(transaction);
    if (transaction.data_open) {
        co_await send_dotted(transaction);
    } else if (!transaction.accepted.empty()) {
        co_await send_chunk(transaction);
    }
}

// MAIL and every RCPT, and DATA behind them: in one write where the peer pipelines (RFC 2920 3.1), else one
// by one.
base::Task<> Client::introduce(Transaction& transaction) {
    using Step = Transaction::Kind;
    const bool reset = std::exchange(mail_open_, true);
    const auto commands = transaction.commands(reset, options_.timeouts);
    std::size_t sent = 0;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        const Transaction::Command& command = commands[i];
        const bool pointless =
            transaction.refused || (command.kind == Step::kData && transaction.accepted.empty());
        if (pointless && sent == i) {
            break;
        }
        while (sent < commands.size() && (capabilities_.pipelining || sent == i)) {
            put(commands[sent++].line);
        }
        Verdict verdict = co_await hear(command.name, command.patience);
        if (lost_) {
            transaction.abandon(verdict);
            co_return;
        }
        transaction.take_answer(command.kind, std::move(verdict));
    }
    mail_open_ = !transaction.refused;
}

// Behind 354. For nobody the message is empty: that is all that can be said now (RFC 2920 3.1).
base::Task<> Client::send_dotted(Transaction& transaction) {
    if (transaction.accepted.empty()) {
        put(".");
        static_cast<void>(co_await hear(kEndOfData, options_.timeouts.data_end));
        co_return;
    }
    const auto failed = co_await pour(*transaction.adapted.body, true);
    if (failed) {
        transaction.abandon(*failed);
    } else {
        co_await conclude(transaction);
    }
}

// RFC 3030 2: the whole message as one chunk. Octets are octets: no dot, and no bare newline, means anything.
base::Task<> Client::send_chunk(Transaction& transaction) {
    put(fmt::format("BDAT {} LAST", transaction.adapted.body->size()));
    const auto failed = co_await pour(*transaction.adapted.body, false);
    if (failed) {
        transaction.abandon(*failed);
    } else {
        co_await conclude(transaction);
    }
}

base::Task<Client::Failed> Client::pour(MessageBody& body, bool dotted) {
    DotWriter writer;
    std::string octets;
    for (std::uint64_t at = 0; at < body.size();) {
        const auto piece = co_await body.read(lines_.stream().loop(), at);
        if (!piece) {
            // The peer waits for octets that we do not have: only a reset keeps it from taking a part
            // for the whole.
            lost_ = true;
            lines_.stream().abort();
            co_return refuse(Verdict::Kind::kTemporary,
                             {4, 3, 0},
                             "the message cannot be read: " + piece.error().text,
                             "DATA");
        }
        at += piece->size();
        octets.clear();
        if (dotted) {
            writer.feed(*piece, octets);
        }
        lines_.put(dotted ? std::string_view(octets) : *piece);
        if (auto failed = co_await flush_if_full()) {
            co_return failed;
        }
    }
    if (dotted) {
        octets.clear();
        writer.finish(octets);
        lines_.put(octets);
    }
    tell(fmt::format("({} octets)\r\n", body.size()));
    co_return std::nullopt;
}

base::Task<Client::Failed> Client::flush_if_full() {
    const auto flushed = co_await lines_.flush_if_full(in(options_.timeouts.data_block));
    if (!flushed) {
        lost_ = true;
        co_return blame_connection(flushed.error(), "DATA");
    }
    co_return std::nullopt;
}

// In LMTP one answer for each recipient that was accepted (RFC 2033 4.2), else one for all.
base::Task<> Client::conclude(Transaction& transaction) {
    const std::vector<std::size_t> accepted = std::exchange(transaction.accepted, {});
    for (std::size_t i = 0; i < accepted.size(); ++i) {
        const Verdict verdict = co_await hear(kEndOfData, options_.timeouts.data_end);
        if (!options_.lmtp || verdict.unheard()) {
            for (std::size_t rest = i; rest < accepted.size(); ++rest) {
                transaction.report.recipients[accepted[rest]] = verdict;
            }
            break;
        }
        transaction.report.recipients[accepted[i]] = verdict;
    }
    mail_open_ = false;
}

}  // namespace smtp
