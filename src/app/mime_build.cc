// `staffetta mime build`: a message from texts and files, on standard output.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/commands.h"
#include "app/exit_status.h"
#include "app/files.h"
#include "app/sniff.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/random.h"
#include "mime/builder.h"
#include "mime/charset.h"

namespace app {
namespace {

constexpr std::size_t kFileOctetsMax = 1ULL << 28;

base::Result<std::vector<mime::Address>> parse_addresses(std::string_view option,
                                                         std::string_view text) {
    mime::AddressList list = mime::parse_address_list(text);
    if (list.addresses.empty() || list.defects != 0) {
        return base::fail(base::Errc::kSyntax,
                          fmt::format("{}: \"{}\" is no list of addresses", option, text));
    }
    for (const mime::Mailbox& mailbox : mime::mailboxes(list)) {
        if (mailbox.local.empty() || mailbox.domain.empty()) {
            return base::fail(base::Errc::kSyntax,
                              fmt::format("{}: \"{}\" lacks NAME@DOMAIN", option, text));
        }
        if (!base::is_ascii(mailbox.local + mailbox.domain)) {
            return base::fail(base::Errc::kInvalid,
                              fmt::format("{}: {} is not US-ASCII; names may be, addresses not",
                                          option,
                                          mailbox.address()));
        }
    }
    return std::move(list.addresses);
}

base::Result<> read_addresses(const MimeBuildOptions& options, mime::Draft& draft) {
    TRY(draft.from, parse_addresses("--from", options.from));
    TRY(draft.to, parse_addresses("--to", fmt::format("{}", fmt::join(options.to, ", "))));
    if (!options.cc.empty()) {
        TRY(draft.cc, parse_addresses("--cc", fmt::format("{}", fmt::join(options.cc, ", "))));
    }
    const auto authors = mime::mailboxes({draft.from, 0});
    if (authors.size() != 1 || draft.from.size() != 1) {
        return base::fail(base::Errc::kInvalid, "--from: one address, please");
    }
    return {};
}

// As UTF-8; empty for no path.
base::Result<std::string> read_text(const std::string& path) {
    if (path.empty()) {
        return std::string{};
    }
    TRY(const std::string octets, read_file(path, kFileOctetsMax));
    return mime::to_utf8(octets, "");
}

base::Result<mime::Attachment> read_attachment(const std::string& path, const Sniffer& sniffer) {
    mime::Attachment file;
    TRY(file.content, read_file(path, kFileOctetsMax));
    file.name = mime::scrub_utf8(path.substr(path.rfind('/') + 1));
    file.type = sniffer.media_type(file.name, file.content);
    if (file.type.starts_with("text/") && !base::is_utf8(file.content)) {
        file.type += fmt::format("; charset={}", mime::guess_charset(file.content));
    }
    return file;
}

// Lets "cid:NAME" in `html` say "cid:ID" instead: names repeat among messages, identifiers may not
// (RFC 2045 7). How many there were.
std::size_t refer_to(const mime::Attachment& picture, std::string& html) {
    constexpr std::string_view kEnds = "\"' \t\r\n>)";
    const std::string wanted = "cid:" + picture.name;
    const std::string written = "cid:" + picture.id;
    std::string out;
    std::size_t done = 0;
    std::size_t count = 0;
    for (std::size_t at = html.find(wanted); at != std::string::npos; at = html.find(wanted, at)) {
        const std::size_t end = at + wanted.size();
        if (end == html.size() || kEnds.find(html[end]) != std::string_view::npos) {
            out.append(html, done, at - done).append(written);
            done = end;
            ++count;
        }
        at = end;
    }
    html = out.append(html, done);
    return count;
}

base::Result<> read_files(const MimeBuildOptions& options,
                          std::string_view domain,
                          base::Random& random,
                          mime::Draft& draft) {
    const Sniffer sniffer;
    for (const std::string& path : options.pictures) {
        TRY(mime::Attachment picture, read_attachment(path, sniffer));
        picture.id = mime::make_message_id(random, domain);
        if (refer_to(picture, draft.html) == 0) {
            return base::fail(base::Errc::kInvalid,
                              fmt::format("{}: the HTML shows no \"cid:{}\"", path, picture.name));
        }
        draft.pictures.push_back(std::move(picture));
    }
    for (const std::string& path : options.attachments) {
        TRY(mime::Attachment file, read_attachment(path, sniffer));
        draft.attachments.push_back(std::move(file));
    }
    return {};
}

base::Result<std::string> build(const MimeBuildOptions& options) {
    base::SystemRandom random;
    mime::Draft draft;
    TRY_VOID(read_addresses(options, draft));
    const std::string domain = mime::mailboxes({draft.from, 0}).front().domain;
    draft.date = base::SystemClock().now();
    draft.message_id = mime::make_message_id(random, domain);
    draft.subject = mime::scrub_utf8(options.subject);
    TRY(draft.text, read_text(options.text));
    TRY(draft.html, read_text(options.html));
    TRY_VOID(read_files(options, domain, random, draft));
    return mime::build_message(draft, random);
}

}  // namespace

int mime_build_command(const MimeBuildOptions& options) {
    const auto message = build(options);
    if (!message) {
        return report(message.error());
    }
    const std::size_t written = std::fwrite(message->data(), 1, message->size(), stdout);
    if (written != message->size() || std::fflush(stdout) != 0) {
        return report({base::Errc::kIo, "standard output: it could not be written"});
    }
    return kExitOk;
}

}  // namespace app
