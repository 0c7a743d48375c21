#include "smtp/client/adapt.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "account/address.h"
#include "base/ascii.h"
#include "mail/message_store.h"
#include "mime/downgrade.h"
#include "mime/parser.h"

namespace smtp {
namespace {

using Kind = Verdict::Kind;

constexpr std::size_t kPieceOctets = std::size_t{64} * 1024;
constexpr std::string_view kMail = "MAIL FROM";
constexpr std::string_view kRcpt = "RCPT TO";

bool is_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(), base::is_8bit);
}

Verdict cannot(EnhancedCode code, std::string text, std::string_view command) {
    return refuse(Kind::kPermanent, code, std::move(text), command);
}

// The mailbox as a peer without SMTPUTF8 can read it: with its domain in A-labels. A local part outside
// ASCII has no other form.
base::Result<std::string, Verdict> to_ascii(const std::string& mailbox, std::string_view command) {
    if (is_ascii(mailbox)) {
        return mailbox;
    }
    const std::size_t at = mailbox.rfind('@');
    const std::string local = mailbox.substr(0, at);
    const auto domain = account::normalize_domain(
        at == std::string::npos ? std::string_view() : std::string_view(mailbox).substr(at + 1));
    if (!is_ascii(local) || !domain) {
        return tl::unexpected<Verdict>(
            cannot({5, 6, 7},
                   fmt::format("{} is no address for a peer without SMTPUTF8", mailbox),
                   command));
    }
    return local + "@" + *domain;
}

// Nothing of an address may end its command.
bool is_one_line(std::string_view mailbox) {
    return std::none_of(mailbox.begin(), mailbox.end(), base::is_control);
}

// What the peer may be told of a recipient. RFC 6533 3: an original address outside ASCII has another form for it, but
// one that is too long for a parameter is left out.
RcptParameters parameters_for(RcptParameters wanted, const Capabilities& peer) {
    if (!peer.dsn) {
        return {};
    }
    if (!peer.smtputf8 && wanted.orcpt && wanted.orcpt->type == kUtf8AddressType) {
        OriginalRecipient& original = *wanted.orcpt;
        original.address = mime::utf8_address_xtext(original.address);
        if (original.type.size() + 1 + original.address.size() > kOrcptOctetsMax) {
            wanted.orcpt.reset();
        }
    }
    return wanted;
}

Adapted::Recipient adapt_recipient(const Envelope::Recipient& recipient, const Capabilities& peer) {
    Adapted::Recipient adapted{
        .address = recipient.address,
        .parameters = format_parameters(parameters_for(recipient.parameters, peer)),
        .refusal = {}};
    if (!is_one_line(recipient.address)) {
        adapted.refusal = cannot({5, 1, 3}, "bad recipient address", kRcpt);
    } else if (!peer.smtputf8) {
        auto ascii = to_ascii(recipient.address, kRcpt);
        if (ascii) {
            adapted.address = std::move(*ascii);
        } else {
            adapted.refusal = std::move(ascii.error());
        }
    }
    return adapted;
}

mime::Transport transport_of(const Capabilities& peer) {
    return peer.binary_mime      ? mime::Transport::kBinary
           : peer.eight_bit_mime ? mime::Transport::k8bit
                                 : mime::Transport::k7bit;
}

bool may_need_conversion(const MailParameters& wanted, const Capabilities& peer) {
    const bool binary = wanted.body == Body::kBinaryMime && !peer.binary_mime;
    const bool eight_bit = wanted.body == Body::k8bitMime && !peer.eight_bit_mime;
    return binary || eight_bit || (wanted.smtputf8 && !peer.smtputf8);
}

base::Task<base::Result<std::string>> read_all(base::Loop& loop, MessageBody body) {
    std::string all;
    while (all.size() < body.size()) {
        CO_TRY(const std::string_view piece, co_await body.read(loop, all.size()));
        all += piece;
    }
    co_return all;
}

// The parameters that the peer knows, for a message in the form that it gets.
MailParameters parameters_for(const MailParameters& wanted,
                              const Capabilities& peer,
                              std::uint64_t octets) {
    MailParameters given;
    if (peer.size) {
        given.size = octets;
    }
    const bool binary = wanted.body == Body::kBinaryMime && peer.binary_mime;
    const bool eight_bit = wanted.body != Body::k7bit && peer.eight_bit_mime;
    given.body = binary ? Body::kBinaryMime : eight_bit ? Body::k8bitMime : Body::k7bit;
    given.smtputf8 = wanted.smtputf8 && peer.smtputf8;
    if (!peer.auth.empty()) {
        given.auth = wanted.auth;
    }
    if (peer.dsn) {
        given.ret = wanted.ret;
        given.envid = wanted.envid;
    }
    return given;
}

// The converted message; empty when it can stay as it is.
base::Task<base::Result<std::string, Verdict>> convert(base::Loop& loop,
                                                       const MailParameters& wanted,
                                                       store::BlobReader& blob,
                                                       const Capabilities& peer,
                                                       std::uint64_t octets_max) {
    if (blob.size() > octets_max) {
        co_return tl::unexpected<Verdict>(
            cannot({5, 6, 3}, "the message is too large to be converted for this peer", kMail));
    }
    const auto message = co_await read_all(loop, MessageBody(blob));
    if (!message) {
        co_return tl::unexpected<Verdict>(
            refuse(Kind::kTemporary,
                   {4, 3, 0},
                   "the message cannot be read: " + message.error().text,
                   kMail));
    }
    const mime::DowngradeOptions options{.transport = transport_of(peer),
                                         .headers = wanted.smtputf8 && !peer.smtputf8
                                                        ? mime::HeaderDowngrade::kRfc6857
                                                        : mime::HeaderDowngrade::kKeep,
                                         .to_a_labels = &account::a_labels};
    const mime::Structure structure = mime::parse(*message);
    if (!mime::needs_downgrade(*message, structure, options)) {
        co_return std::string();
    }
    co_return mime::downgrade(*message, structure, options);
}

}  // namespace

std::uint64_t MessageBody::size() const {
    return blob_ != nullptr ? blob_->size() : converted_.size();
}

base::Task<base::Result<std::string_view>> MessageBody::read(base::Loop& loop,
                                                             std::uint64_t offset) {
    const std::uint64_t octets = std::min<std::uint64_t>(size() - offset, kPieceOctets);
    if (blob_ == nullptr) {
        co_return std::string_view(converted_).substr(offset, octets);
    }
    piece_.resize(octets);
    CO_TRY(const std::size_t filled, co_await blob_->read(loop, offset, std::span(piece_)));
    if (filled < octets) {
        co_return base::fail(base::Errc::kCorrupt, "the blob ends early");
    }
    co_return std::string_view(piece_.data(), filled);
}

base::Task<base::Result<Adapted, Verdict>> adapt(base::Loop& loop,
                                                 const Envelope& envelope,
                                                 store::BlobReader& blob,
                                                 const Capabilities& peer,
                                                 std::uint64_t convert_octets_max) {
    Adapted adapted{.sender = envelope.sender};
    if (!is_one_line(envelope.sender)) {
        co_return tl::unexpected<Verdict>(cannot({5, 1, 7}, "bad sender address", kMail));
    }
    if (!peer.smtputf8) {
        auto sender = to_ascii(envelope.sender, kMail);
        if (!sender) {
            co_return base::forward_error(sender);
        }
        adapted.sender = std::move(*sender);
    }
    for (const Envelope::Recipient& recipient : envelope.recipients) {
        adapted.recipients.push_back(adapt_recipient(recipient, peer));
    }
    adapted.body = std::make_unique<MessageBody>(blob);
    if (may_need_conversion(envelope.parameters, peer)) {
        auto message = co_await convert(loop, envelope.parameters, blob, peer, convert_octets_max);
        if (!message) {
            co_return base::forward_error(message);
        }
        if (!message->empty()) {
            adapted.body = std::make_unique<MessageBody>(std::move(*message));
            adapted.converted = true;
        }
    }
    const std::uint64_t octets = adapted.body->size();
    if (peer.octets_max != 0 && octets > peer.octets_max) {
        co_return tl::unexpected<Verdict>(
            cannot({5, 3, 4},
                   fmt::format("the message has {} octets, and the peer takes {} at most",
                               octets,
                               peer.octets_max),
                   kMail));
    }
    adapted.mail_parameters = format_parameters(parameters_for(envelope.parameters, peer, octets));
    adapted.chunked = peer.chunking;
    co_return adapted;
}

}  // namespace smtp
