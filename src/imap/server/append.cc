// APPEND with MULTIAPPEND, CATENATE and UIDPLUS (RFC 9051 6.3.12, RFC 3502, RFC 4469, RFC 4315 3, RFC 7889), and REPLACE
// (RFC 8508), which is APPEND and the removal of another message in one. Messages stream into the store as they come; what is refused is refused before the client sends it, when it asks.
#include "imap/grammar/append.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "imap/grammar/writer.h"
#include "imap/server/handlers.h"
#include "imap/server/incoming.h"
#include "imap/server/message_limit.h"
#include "imap/server/session.h"
#include "imap/server/target.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

// Of a URL that is a literal: what a line could hold of it, and more (RFC 2683 3.2.1.5).
constexpr std::uint64_t kUrlOctetsMax = 8192;

// Nothing: go on. A reply: the command is over, and its text was read to its end.
using Verdict = Result<std::optional<Reply>>;

//  resp-text-code =/ "BADURL" SP url-resp-text     ; RFC 4469 5: any TEXT-CHAR except "]"
std::string bad_url(std::string_view url) {
    std::string text = response_text(url);
    std::ranges::replace_if(
        text, [](char c) { return c == ']' || c == '"' || c == '\\'; }, '?');
    return fmt::format("BADURL \"{}\"", text);
}

class Appending {
  public:
    Appending(Session& session, const Request& request)
        : session_(session),
          request_(request),
          is_replace_(request.command.verb.ends_with("REPLACE")),
          text_(request.arguments),
          unread_(request.unread),
          messages_(session.loop(), session.mailboxes().pool()) {}

    [[nodiscard]] Task<Handled> run();

  private:
    [[nodiscard]] Task<Verdict> find_target();
    [[nodiscard]] std::optional<Reply> find_replaced(const SequenceSet& message);
    [[nodiscard]] Task<Verdict> read_message();
    [[nodiscard]] Task<Verdict> read_literal(Incoming& incoming);
    [[nodiscard]] Task<Verdict> add_url(Incoming& incoming, std::string text);
    [[nodiscard]] Task<Verdict> read_url_literal();
    [[nodiscard]] Task<Verdict> read_part(Incoming& incoming);
    [[nodiscard]] Task<Verdict> read_parts(Incoming& incoming);
    [[nodiscard]] Task<Verdict> refuse(Reply reply);
    [[nodiscard]] std::optional<Reply> judge_size(std::uint64_t octets) const;
    [[nodiscard]] Task<Handled> commit();
    [[nodiscard]] Task<Handled> commit_replacement();

    Session& session_;
    const Request& request_;
    bool is_replace_;
    mail::Uid replaced_ = 0;             // REPLACE's message
    std::uint64_t replaced_octets_ = 0;  // of it, in the account that the new one goes into
    std::string text_;                   // not yet read; ends at a literal or with the command
    std::optional<Literal> unread_;      // the literal that it ends at
    mail::MailboxInfo target_;
    Result<mail::Quota> quota_;  // when the command came: the commit decides
    NewMessages messages_;
    std::uint64_t octets_ = 0;
};

// The literal that the text ends with was not asked for; where it comes all the same, it is dropped.
Task<Verdict> Appending::refuse(Reply reply) {
    if (unread_) {
        CO_TRY_VOID(co_await session_.drop_literal(*unread_));
    }
    co_return std::optional(std::move(reply));
}

// RFC 7889 5, and the quota as far as it can be known before the octets are here.
std::optional<Reply> Appending::judge_size(std::uint64_t octets) const {
    if (octets > session_.options().message_octets_max) {
        return no("messages may not be that large", "TOOBIG");
    }
    const auto exceeds = [](const mail::Quota::Resource& resource, std::uint64_t more) {
        return resource.limit != 0 && resource.used + more > resource.limit;
    };
    // RFC 8508 1: what is replaced makes room for what replaces it.
    const std::uint64_t more = octets_ + octets;
    const std::size_t messages = messages_.size() + (is_replace_ ? 0 : 1);
    if (quota_ && (exceeds(quota_->storage_octets, more - std::min(more, replaced_octets_)) ||
                   exceeds(quota_->messages, messages))) {
        return no("over quota", "OVERQUOTA");
    }
    return std::nullopt;
}

// RFC 8508 3.1: the message must be there, and may be removed.
std::optional<Reply> Appending::find_replaced(const SequenceSet& message) {
    const View& view = session_.view();
    const auto uids = view.resolve(message, request_.is_uid());
    if (!uids || uids->empty()) {
        return no("there is no message of that number", "NONEXISTENT");
    }
    if (view.read_only()) {
        return no("the mailbox is open for reading only", "READ-ONLY");
    }
    if (!view.may(mail::kRightExpunge) || !view.may(mail::kRightDeleteMessages)) {
        return no("you have no right to remove messages here", "NOPERM");
    }
    replaced_ = uids->first();
    return std::nullopt;
}

Task<Verdict> Appending::find_target() {
    Scanner scanner(text_);
    const auto head = parse_append_head(scanner, is_replace_);
    if (!head) {
        co_return co_await refuse(imap::refuse(request_.command, head.error()));
    }
    if (head->replaced) {
        if (auto reply = find_replaced(*head->replaced)) {
            co_return co_await refuse(std::move(*reply));
        }
    }
    auto target = imap::find_target(session_, head->mailbox);
    if (!target) {
        co_return co_await refuse(std::move(target.error()));
    }
    target_ = std::move(*target);
    if (is_replace_ && target_.ref.owner == session_.view().ref().owner) {
        const mail::Snapshot& there = *session_.view().told();
        replaced_octets_ = there.at(there.lower_bound(replaced_)).octets;
    }
    quota_ = session_.mailboxes().quota(target_.ref.owner);
    text_ = std::string(scanner.rest());
    co_return std::nullopt;
}

// The literal that the text is, and the line behind it as the new text.
Task<Verdict> Appending::read_literal(Incoming& incoming) {
    Scanner scanner(text_);
    const auto literal = parse_message_literal(scanner);
    if (!literal) {
        co_return co_await refuse(imap::refuse(request_.command, literal.error()));
    }
    if (literal->octets > session_.options().message_octets_max) {
        co_return co_await refuse(no("messages may not be that large", "TOOBIG"));
    }
    if (auto reply = judge_size(incoming.octets() + literal->octets)) {
        co_return co_await refuse(std::move(*reply));
    }
    CO_TRY_VOID(co_await incoming.read(*literal));
    text_.clear();
    CO_TRY(auto refusal, co_await session_.append_further_line(text_));
    unread_ = find_literal(text_);
    if (refusal) {
        co_return co_await refuse(std::move(*refusal));
    }
    co_return std::nullopt;
}

Task<Verdict> Appending::add_url(Incoming& incoming, std::string text) {
    const auto url = parse_message_url(text);
    bool found = false;
    if (url) {
        CO_TRY(found, co_await incoming.add_url(*url));
    }
    if (!found) {
        co_return co_await refuse(no("no message under that URL", bad_url(text)));
    }
    if (auto reply = judge_size(incoming.octets())) {
        co_return co_await refuse(std::move(*reply));
    }
    co_return std::nullopt;
}

// RFC 4469 5: a URL is an astring, and so may be a literal. It becomes a part of the text.
Task<Verdict> Appending::read_url_literal() {
    const auto literal = find_url_literal(text_);
    if (!literal) {
        co_return std::nullopt;
    }
    if (literal->octets > kUrlOctetsMax) {
        co_return co_await refuse(bad("the literal is too large", "TOOBIG"));
    }
    CO_TRY_VOID(co_await session_.append_literal(text_, *literal));
    std::string line;
    CO_TRY(auto refusal, co_await session_.append_further_line(line));
    text_ += line;
    unread_ = find_literal(line);
    if (refusal) {
        co_return co_await refuse(std::move(*refusal));
    }
    co_return std::nullopt;
}

Task<Verdict> Appending::read_part(Incoming& incoming) {
    CO_TRY(auto refusal, co_await read_url_literal());
    if (refusal) {
        co_return refusal;
    }
    Scanner scanner(text_);
    auto part = parse_catenate_part(scanner);
    if (!part) {
        co_return co_await refuse(imap::refuse(request_.command, part.error()));
    }
    text_ = std::string(scanner.rest());
    auto reading = part->url ? add_url(incoming, *part->url) : read_literal(incoming);
    co_return co_await std::move(reading);
}

//  cat-part *(SP cat-part) ")"
Task<Verdict> Appending::read_parts(Incoming& incoming) {
    while (true) {
        CO_TRY(auto reply, co_await read_part(incoming));
        if (reply) {
            co_return reply;
        }
        const char next = text_.empty() ? '\0' : text_.front();
        if (next != ' ' && next != ')') {
            co_return co_await refuse(usage(request_.command));
        }
        text_.erase(0, 1);
        if (next == ')') {
            co_return std::nullopt;
        }
    }
}

Task<Verdict> Appending::read_message() {
    Scanner scanner(text_);
    const auto options = parse_append_options(scanner);
    if (!options) {
        co_return co_await refuse(imap::refuse(request_.command, options.error()));
    }
    // RFC 8508 6: one message is all that REPLACE takes.
    if (is_replace_ && messages_.size() > 0) {
        co_return co_await refuse(usage(request_.command));
    }
    const std::uint64_t limit = save_limit(session_.options());
    if (limit != 0 && messages_.size() == limit) {
        co_return co_await refuse(
            no("too many messages in one command", fmt::format("MESSAGELIMIT {}", limit)));
    }
    if (messages_.size() == session_.options().messages_per_append_max) {
        co_return co_await refuse(no("too many messages in one command", "LIMIT"));
    }
    text_ = std::string(scanner.rest());
    Incoming incoming(session_);
    const bool parts = options->form == AppendOptions::Form::kCatenate;
    CO_TRY(auto reply, parts ? co_await read_parts(incoming) : co_await read_literal(incoming));
    if (reply) {
        co_return reply;
    }
    if (options->form == AppendOptions::Form::kUtf8) {
        if (!text_.starts_with(')')) {
            co_return co_await refuse(usage(request_.command));
        }
        text_.erase(0, 1);
    }
    if (incoming.octets() == 0) {
        co_return co_await refuse(no("there is no message of no octets"));
    }
    octets_ += incoming.octets();
    auto message = incoming.finish(*options);
    if (!message) {
        co_return co_await refuse(reply_of(message.error()));
    }
    co_await messages_.add(std::move(*message));
    co_return std::nullopt;
}

Task<Handled> Appending::run() {
    CO_TRY(auto verdict, co_await find_target());
    while (!verdict) {
        CO_TRY(verdict, co_await read_message());
        if (verdict || text_.empty()) {
            break;
        }
        if (!text_.starts_with(' ')) {
            CO_TRY(verdict, co_await refuse(usage(request_.command)));
            break;
        }
        text_.erase(0, 1);
    }
    if (verdict) {
        co_return std::move(*verdict);
    }
    co_return is_replace_ ? co_await commit_replacement() : co_await commit();
}

// RFC 3502 6.3.11: all of them, or none.
Task<Handled> Appending::commit() {
    auto messages = co_await messages_.take();
    if (!messages) {
        co_return reply_of(messages.error());
    }
    const auto appended = co_await session_.await(
        request_,
        session_.mailboxes().append(
            session_.loop(), session_.user(), target_.ref, std::move(*messages)));
    if (!appended && appended.error().code == Errc::kNotFound) {
        co_return no_target(session_, target_.path);
    }
    if (!appended) {
        co_return reply_of(appended.error());
    }
    session_.note_own_messages(target_.ref, appended->uids);
    co_return ok("appended",
                 fmt::format("APPENDUID {} {}", appended->uid_validity, appended->uids.to_text()));
}

// RFC 8508 3.2: APPENDUID comes before EXISTS and EXPUNGE, which are told as news behind it.
Task<Handled> Appending::commit_replacement() {
    auto messages = co_await messages_.take();
    if (!messages) {
        co_return reply_of(messages.error());
    }
    const auto appended =
        co_await session_.await(request_,
                                session_.mailboxes().replace(session_.loop(),
                                                             session_.user(),
                                                             {session_.view().opened(), replaced_},
                                                             target_.ref,
                                                             std::move(messages->front())));
    if (!appended && appended.error().code == Errc::kNotFound) {
        co_return no("the message or the mailbox has gone meanwhile", "EXPUNGEISSUED");
    }
    if (!appended) {
        co_return reply_of(appended.error());
    }
    session_.note_own_messages(target_.ref, appended->uids);
    session_.put(fmt::format("* OK [APPENDUID {} {}] the new one is there\r\n",
                             appended->uid_validity,
                             appended->uids.to_text()));
    co_return ok("replaced");
}

}  // namespace

Task<Handled> on_append(Session& session, const Request& request) {
    Appending appending(session, request);
    co_return co_await appending.run();
}

}  // namespace imap
