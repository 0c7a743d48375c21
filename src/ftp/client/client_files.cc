// ftp::Client's commands for files and folders, and for how files are represented.
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "ftp/client/client.h"
#include "ftp/grammar/command.h"
#include "ftp/grammar/time_val.h"

namespace ftp {

using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kSha256Digits = 64;
// The server reads all of the file before it answers: an hour with the default, in which a slow disk reads 300 GB.
constexpr int kHashPatiences = 60;

// The digest stands somewhere in the reply: "213 SHA-256 0-9 3f0a... name", "250 3F0A...".
base::Result<std::string> find_digest(const ServerReply& reply) {
    for (std::string_view text : reply.lines) {
        while (!text.empty()) {
            const std::string word = base::to_lower(base::split_front(text, ' '));
            const bool hex = std::all_of(word.begin(), word.end(), [](char c) {
                return base::is_digit(c) || (c >= 'a' && c <= 'f');
            });
            if (hex && word.size() == kSha256Digits) {
                return word;
            }
        }
    }
    return fail(Errc::kSyntax, "no SHA-256 in the reply: " + reply.to_string());
}

// "213 SHA-256 0-9 DIGEST NAME": false when the range in it is another one than that of the first `octets`, since
// proftpd hashes the whole file whatever RANG said. Its last octet may be counted in or not.
bool is_of_first(const ServerReply& reply, std::uint64_t octets) {
    for (std::string_view text : reply.lines) {
        while (!text.empty()) {
            std::string_view word = base::split_front(text, ' ');
            const auto first = base::parse_u64(base::split_front(word, '-'));
            const auto last = base::parse_u64(word);
            if (first && last && (*first != 0 || (*last != octets && *last + 1 != octets))) {
                return false;
            }
        }
    }
    return true;
}

}  // namespace

Client::Async<void> Client::set_type(Type type, Form form) {
    Representation wanted = representation_;
    wanted.type = type;
    wanted.form = form;
    if (!type_said_ || wanted != representation_) {
        CO_TRY_VOID(co_await perform("TYPE " + type_name(wanted)));
        representation_ = wanted;
        type_said_ = true;
    }
    co_return base::Result<>();
}

Client::Async<void> Client::set_mode(Mode mode) {
    CO_TRY_VOID(co_await perform(fmt::format("MODE {}", mode_letter(mode))));
    representation_.mode = mode;
    co_return base::Result<>();
}

Client::Async<void> Client::set_structure(Structure structure) {
    CO_TRY_VOID(co_await perform(fmt::format("STRU {}", structure_letter(structure))));
    representation_.structure = structure;
    co_return base::Result<>();
}

Client::Async<std::string> Client::working_directory() {
    if (!directory_) {
        CO_TRY(const ServerReply reply, co_await perform("PWD"));
        CO_TRY(directory_, parse_quoted_path(reply.lines.back()));
    }
    co_return *directory_;
}

Client::Async<void> Client::change_directory(std::string path) {
    CO_TRY_VOID(co_await perform(path == ".." ? "CDUP" : "CWD " + path));
    co_return base::Result<>();
}

Client::Async<void> Client::make_directory(std::string path) {
    CO_TRY_VOID(co_await perform("MKD " + path));
    co_return base::Result<>();
}

Client::Async<void> Client::remove_directory(std::string path) {
    CO_TRY_VOID(co_await perform("RMD " + path));
    co_return base::Result<>();
}

Client::Async<void> Client::remove(std::string path) {
    CO_TRY_VOID(co_await perform("DELE " + path));
    co_return base::Result<>();
}

Client::Async<void> Client::rename(std::string from, std::string to) {
    CO_TRY(const ServerReply reply, co_await command("RNFR " + from));
    if (!reply.is_intermediate()) {
        co_return tl::unexpected(error_of(reply));
    }
    CO_TRY_VOID(co_await perform("RNTO " + to));
    co_return base::Result<>();
}

// RFC 3659 4: what would be transferred, so the type counts.
Client::Async<std::uint64_t> Client::size(std::string path) {
    CO_TRY(const ServerReply reply, co_await perform("SIZE " + path));
    const auto octets = base::parse_u64(base::trim(reply.lines.back()));
    if (!octets) {
        co_return fail(Errc::kSyntax, "no size in the reply: " + reply.to_string());
    }
    co_return *octets;
}

Client::Async<base::WallTime> Client::modified(std::string path) {
    CO_TRY(const ServerReply reply, co_await perform("MDTM " + path));
    co_return parse_time_val(base::trim(reply.lines.back()));
}

Client::Async<void> Client::set_modified(std::string path, base::WallTime time) {
    const std::string when = format_time_val(std::chrono::floor<std::chrono::seconds>(time));
    if (has("MFMT")) {
        CO_TRY_VOID(co_await perform(fmt::format("MFMT {} {}", when, path)));
        co_return base::Result<>();
    }
    // vsftpd and older servers overload MDTM. One that does not takes time and path for a file's name: 550.
    CO_TRY_VOID(co_await perform(fmt::format("MDTM {} {}", when, path)));
    co_return base::Result<>();
}

Client::Async<std::string> Client::sha256(std::string path, std::optional<std::uint64_t> octets) {
    if (has("HASH") && (!octets || has("RANG"))) {
        CO_TRY_VOID(co_await perform("OPTS HASH SHA-256"));
        if (octets && *octets > 0) {
            // 350: the range holds for the next command.
            CO_TRY_VOID(co_await command(fmt::format("RANG 0 {}", *octets - 1)));
        }
        const auto reply = co_await perform("HASH " + path, kHashPatiences);
        if (octets && *octets > 0) {
            // The draft's way to end a range: proftpd keeps it, and would cut the next RETR.
            CO_TRY_VOID(co_await command("RANG 1 0"));
        }
        CO_TRY_VOID(reply);
        if (octets && !is_of_first(*reply, *octets)) {
            co_return fail(Errc::kUnsupported,
                           "the server hashes another range: " + reply->to_string());
        }
        co_return find_digest(*reply);
    }
    if (has("XSHA256")) {
        const std::string range = octets ? fmt::format(" 0 {}", *octets) : "";
        CO_TRY(const ServerReply reply,
               co_await perform(
                   octets ? fmt::format("XSHA256 \"{}\"{}", path, range) : "XSHA256 " + path,
                   kHashPatiences));
        co_return find_digest(reply);
    }
    co_return fail(Errc::kUnsupported, "the server computes no SHA-256");
}

}  // namespace ftp
