// HASH (draft-bryan-ftpext-hash), and the X-commands that came before it: XCRC, XMD5, XSHA, XSHA1, XSHA256,
// XSHA512.
#include <fmt/format.h>

#include <array>
#include <limits>

#include "base/ascii.h"
#include "ftp/server/session.h"

namespace ftp {
namespace {

struct Algorithm {
    files::HashAlgorithm algorithm;
    std::string_view name;  // as in IANA's registry of hash function names
};

constexpr std::array kAlgorithms = {
    Algorithm{files::HashAlgorithm::kSha256, "SHA-256"},
    Algorithm{files::HashAlgorithm::kSha512, "SHA-512"},
    Algorithm{files::HashAlgorithm::kSha1, "SHA-1"},
    Algorithm{files::HashAlgorithm::kMd5, "MD5"},
    Algorithm{files::HashAlgorithm::kCrc32, "CRC32"},
};

std::string_view name_of(files::HashAlgorithm algorithm) {
    for (const Algorithm& known : kAlgorithms) {
        if (known.algorithm == algorithm) {
            return known.name;
        }
    }
    return {};
}

// "path", "path first", "path first last", the path in quotes or not; `last` is included.
struct DigestRequest {
    std::string_view path;
    std::uint64_t first = 0;
    std::uint64_t last = std::numeric_limits<std::uint64_t>::max() - 1;
};

// Takes one number from the end of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    const std::size_t space = text.rfind(' ');
    if (space == std::string_view::npos) {
        return std::nullopt;
    }
    constexpr std::uint64_t kFileMax = std::numeric_limits<std::int64_t>::max();
    const auto number = base::parse_u64(text.substr(space + 1), kFileMax);
    if (number) {
        text = text.substr(0, space);
    }
    return number;
}

// A name may end in numbers as well: in quotes it is clear.
DigestRequest parse_request(std::string_view text) {
    DigestRequest request;
    const bool quoted = text.starts_with('"') && text.rfind('"') > 0;
    std::string_view rest = quoted ? text.substr(text.rfind('"') + 1) : text;
    const auto last = take_number(rest);
    const auto first = last ? take_number(rest) : std::nullopt;
    if (first) {
        request.first = *first;
        request.last = *last;
    } else if (last) {
        request.first = *last;
    }
    request.path = quoted ? text.substr(1, text.rfind('"') - 1) : rest;
    return request;
}

}  // namespace

std::string Session::hash_feature() const {
    std::string list = "HASH ";
    for (const Algorithm& known : kAlgorithms) {
        list += fmt::format("{}{};", known.name, known.algorithm == settings_.hash ? "*" : "");
    }
    return list;
}

Reply Session::choose_hash(std::string_view name) {
    for (const Algorithm& known : kAlgorithms) {
        if (name.empty() ? known.algorithm == settings_.hash : base::iequals(name, known.name)) {
            settings_.hash = known.algorithm;
            return reply(200, std::string(known.name));
        }
    }
    return reply(501, "Unknown hash; FEAT lists them");
}

// 213 SP hashname SP start-point "-" end-point SP hash SP pathname    ; draft-bryan-ftpext-hash 3.1
Session::Answer Session::on_hash(std::string arguments) {
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(553, path.error().text);
    }
    const auto entry = co_await tree().stat(loop_, *path);
    if (!entry || entry->kind != files::Kind::kFile) {
        co_return reply(entry ? 553 : 550, entry ? "That is no file" : entry.error().text);
    }
    const auto range = std::exchange(range_, std::nullopt);
    const std::uint64_t first = range ? range->first : 0;
    const std::uint64_t last =
        range && range->second < entry->size ? range->second + 1 : entry->size;
    const auto work = begin_work("HASH " + *path);
    if (!work) {
        co_return too_many();
    }
    const auto hash =
        co_await tree().hash(loop_, *path, settings_.hash, {first, std::max(first, last)}, [this] {
            return is_awaited();
        });
    // "end-point MUST be greater or equal than ... start-point": there is nothing to say of a range behind the end.
    if (!hash && hash.error().code == base::Errc::kInvalid) {
        co_return reply(551, hash.error().text);
    }
    if (!hash) {
        co_return refuse(hash.error(), Wish::kRead);
    }
    co_return reply(213,
                    fmt::format("{} {}-{} {} {}",
                                name_of(settings_.hash),
                                first,
                                last == 0 ? 0 : last - 1,
                                *hash,
                                arguments));
}

Session::Answer Session::digest(std::string arguments, files::HashAlgorithm algorithm) {
    DigestRequest request{.path = arguments};
    auto path = resolve(request.path);
    // The whole argument is a file's name if there is such a file.
    const bool whole = path && (co_await tree().stat(loop_, *path)).has_value();
    if (!whole) {
        request = parse_request(arguments);
        path = resolve(request.path);
    }
    if (!path) {
        co_return reply(550, path.error().text);
    }
    if (request.last < request.first) {
        co_return reply(501, "The last octet comes before the first");
    }
    const auto work = begin_work("HASH " + *path);
    if (!work) {
        co_return too_many();
    }
    const auto hash =
        co_await tree().hash(loop_, *path, algorithm, {request.first, request.last + 1}, [this] {
            return is_awaited();
        });
    if (!hash) {
        co_return refuse(hash.error(), Wish::kRead);
    }
    co_return reply(250, base::to_upper(*hash));
}

Session::Answer Session::on_xcrc(std::string arguments) {
    return digest(std::move(arguments), files::HashAlgorithm::kCrc32);
}

Session::Answer Session::on_xmd5(std::string arguments) {
    return digest(std::move(arguments), files::HashAlgorithm::kMd5);
}

Session::Answer Session::on_xsha1(std::string arguments) {
    return digest(std::move(arguments), files::HashAlgorithm::kSha1);
}

Session::Answer Session::on_xsha256(std::string arguments) {
    return digest(std::move(arguments), files::HashAlgorithm::kSha256);
}

Session::Answer Session::on_xsha512(std::string arguments) {
    return digest(std::move(arguments), files::HashAlgorithm::kSha512);
}

}  // namespace ftp
