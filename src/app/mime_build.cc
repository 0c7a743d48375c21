// `staffetta mime build`: a message from texts and files, on standard output.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/commands.h"
#include "app/exit_status.h"
#include "app/file_source.h"
#include "app/files.h"
#include "app/sniff.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/random.h"
#include "mime/builder.h"
#include "mime/charset.h"
#include "mime/octet_stream.h"
#include "mime/utf8.h"

namespace app {
namespace {

constexpr std::size_t kTextOctetsMax = 1ULL << 26;
constexpr std::size_t kSniffedOctets = 64UL * 1024;

base::Result<std::vector<mime::Address>> parse_addresses(std::string_view option,
                                                         std::string_view text,
                                                         bool utf8) {
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
        if (!utf8 && !base::is_ascii(mailbox.local + mailbox.domain)) {
            return base::fail(base::Errc::kInvalid,
                              fmt::format("{}: {} is not US-ASCII: that takes --utf8, and a server "
                                          "with SMTPUTF8",
                                          option,
                                          mailbox.address()));
        }
    }
    return std::move(list.addresses);
}

base::Result<> read_addresses(const MimeBuildOptions& options, mime::Draft& draft) {
    TRY(draft.from, parse_addresses("--from", options.from, options.utf8));
    TRY(draft.to,
        parse_addresses("--to", fmt::format("{}", fmt::join(options.to, ", ")), options.utf8));
    if (!options.cc.empty()) {
        TRY(draft.cc,
            parse_addresses("--cc", fmt::format("{}", fmt::join(options.cc, ", ")), options.utf8));
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
    TRY(const std::string octets, read_file(path, kTextOctetsMax));
    return mime::to_utf8(octets, "");
}

// The charset of a text that is not in memory.
base::Result<std::string_view> charset_of(mime::OctetSource& file) {
    mime::Utf8Check check;
    std::string sample;
    bool is_ascii = true;
    TRY_VOID(mime::read_through(file, 0, ~0ULL, [&](std::string_view octets) -> base::Result<> {
        check.feed(octets);
        is_ascii = is_ascii && base::is_ascii(octets);
        sample.append(octets.substr(0, kSniffedOctets - sample.size()));
        return {};
    }));
    return is_ascii ? "us-ascii" : check.holds() ? "utf-8" : mime::guess_charset(sample);
}

base::Result<mime::Attachment> open_attachment(const std::string& path, const Sniffer& sniffer) {
    mime::Attachment file;
    TRY(file.source, open_source(path));
    TRY(const std::string_view begin, file.source->read(0, kSniffedOctets));
    file.name = mime::scrub_utf8(path.substr(path.rfind('/') + 1));
    file.type = sniffer.media_type(file.name, begin);
    if (file.type.starts_with("text/")) {
        TRY(const std::string_view charset, charset_of(*file.source));
        file.type += fmt::format("; charset={}", charset);
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
        TRY(mime::Attachment picture, open_attachment(path, sniffer));
        picture.id = mime::make_message_id(random, domain);
        if (refer_to(picture, draft.html) == 0) {
            return base::fail(base::Errc::kInvalid,
                              fmt::format("{}: the HTML shows no \"cid:{}\"", path, picture.name));
        }
        draft.pictures.push_back(std::move(picture));
    }
    for (const std::string& path : options.attachments) {
        TRY(mime::Attachment file, open_attachment(path, sniffer));
        draft.attachments.push_back(std::move(file));
    }
    return {};
}

class StandardOutput final : public mime::OctetSink {
  public:
    base::Result<> write(std::string_view octets) override {
        return std::fwrite(octets.data(), 1, octets.size(), stdout) == octets.size() ? done()
                                                                                     : failed();
    }

    static base::Result<> flush() { return std::fflush(stdout) == 0 ? done() : failed(); }

  private:
    static base::Result<> done() { return {}; }

    static base::Result<> failed() {
        return base::fail(base::Errc::kIo, "standard output: it could not be written");
    }
};

base::Result<> build(const MimeBuildOptions& options) {
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
    mime::BuildOptions form;
    if (options.utf8) {  // RFC 6531 3.6: a server with SMTPUTF8 takes 8BITMIME
        form.form = mime::HeaderForm::kUtf8;
        form.allow_8bit = true;
    }
    StandardOutput output;
    TRY_VOID(mime::write_message(draft, random, form, output));
    return StandardOutput::flush();
}

}  // namespace

int mime_build_command(const MimeBuildOptions& options) {
    const auto built = build(options);
    return built ? int{kExitOk} : report(built.error());
}

}  // namespace app
