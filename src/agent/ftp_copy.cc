#include "agent/ftp_copy.h"

#include <openssl/evp.h>

#include <array>
#include <memory>

#include "agent/local_file.h"
#include "base/base64.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Whether the first `octets` here and there are the same. Where the server cannot say, they are taken to be, as every
// client does that resumes.
base::Task<bool> same_beginning(ftp::Client& client,
                                std::string remote,
                                std::string local,
                                std::uint64_t octets) {
    const auto there = co_await client.sha256(std::move(remote), octets);
    if (!there) {
        co_return there.error().code == Errc::kUnsupported;
    }
    const auto here = local_sha256(local, octets);
    co_return here&&* here == *there;
}

ftp::TransferOptions transfer_options(const CopyOptions& options,
                                      std::uint64_t restart,
                                      Meter& meter) {
    return {.restart = restart,
            .octets_max = {},
            .rate_max = options.rate_max,
            .on_progress = [&meter, before = std::uint64_t{0}](std::uint64_t octets) mutable {
                meter.add(octets - before);
                before = octets;
            }};
}

base::Task<base::Result<>> choose_type(ftp::Client& client, bool ascii) {
    co_return co_await client.set_type(ascii ? ftp::Type::kAscii : ftp::Type::kImage);
}

// How much of `remote` is in `local` already.
base::Task<std::uint64_t> resume_point(ftp::Client& client,
                                       std::string remote,
                                       std::string local,
                                       std::optional<std::uint64_t> total) {
    const auto here = status_of(local);
    if (!here || !here->is_file || here->size == 0 || (total && here->size > *total)) {
        co_return 0;
    }
    const bool same = co_await same_beginning(client, remote, local, here->size);
    co_return same ? here->size : 0;
}

}  // namespace

base::Result<std::string> local_sha256(const std::string& path,
                                       std::optional<std::uint64_t> octets) {
    TRY(const auto source, FileSource::open(path, 0));
    const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest(EVP_MD_CTX_new());
    if (!digest || EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1) {
        return fail(Errc::kUnavailable, "no SHA-256 here");
    }
    std::uint64_t left = octets.value_or(UINT64_MAX);
    std::string room(std::size_t{64} * 1024, '\0');
    while (left > 0) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, room.size()));
        TRY(const std::size_t count, source->read(std::span(room).first(wanted)));
        if (count == 0) {
            break;
        }
        EVP_DigestUpdate(digest.get(), room.data(), count);
        left -= count;
    }
    std::string result(32, '\0');
    unsigned size = 0;
    EVP_DigestFinal_ex(digest.get(), reinterpret_cast<unsigned char*>(result.data()), &size);
    return base::hex_encode(result);
}

base::Task<base::Result<std::uint64_t>> download(
    ftp::Client& client, std::string remote, std::string local, CopyOptions options, Meter& meter) {
    CO_TRY_VOID(co_await choose_type(client, options.ascii));
    const bool to_file = local != "-";
    std::optional<std::uint64_t> total;
    if (!options.ascii) {
        if (const auto size = co_await client.size(remote)) {
            total = *size;
        }
    }
    std::uint64_t offset = 0;
    if (options.resume && to_file && !options.ascii) {
        offset = co_await resume_point(client, remote, local, total);
    }
    std::optional<base::WallTime> modified;
    if (options.keep_time && to_file) {
        if (const auto time = co_await client.modified(remote)) {
            modified = *time;
        }
    }
    meter.begin(remote, total, offset);
    if (options.resume && total && offset == *total && offset > 0) {
        meter.end();
        co_return std::uint64_t{0};  // it is all here
    }
    LateSink sink(local, offset);
    const auto moved =
        co_await client.retrieve(remote, transfer_options(options, offset, meter), sink);
    meter.end();
    const auto finished = sink.finish(moved ? modified : std::nullopt, moved.has_value());
    if (moved && !finished) {
        co_return fail(finished.error().code, finished.error().text);
    }
    co_return moved;
}

base::Task<base::Result<std::uint64_t>> upload(
    ftp::Client& client, std::string local, std::string remote, CopyOptions options, Meter& meter) {
    const bool from_file = local != "-";
    const auto here = from_file ? status_of(local) : std::nullopt;
    if (here && here->is_directory) {
        co_return fail(Errc::kInvalid, local + " is a folder; mirror -R sends folders");
    }
    CO_TRY_VOID(co_await choose_type(client, options.ascii));
    std::uint64_t offset = 0;
    if (options.resume && here && here->is_file && !options.ascii) {
        const auto there = co_await client.size(remote);
        if (there && *there > 0 && *there <= here->size &&
            co_await same_beginning(client, remote, local, *there)) {
            offset = *there;
        }
        if (offset == here->size && offset > 0) {
            co_return std::uint64_t{0};
        }
    }
    auto opened = from_file ? FileSource::open(local, offset)
                            : base::Result<std::unique_ptr<FileSource>>(FileSource::standard());
    CO_TRY(const auto source, std::move(opened));
    meter.begin(remote, here ? std::optional(here->size) : std::nullopt, offset);
    // REST before STOR is what RFC 3659 5 has; APPE does the same and every server knows it.
    const bool append = options.append || offset > 0;
    const std::string verb = options.unique ? "STOU" : (append ? "APPE" : "STOR");
    const auto moved =
        co_await client.store(verb, remote, transfer_options(options, 0, meter), *source);
    meter.end();
    if (moved && options.keep_time && here && !options.unique) {
        // A courtesy: a server that cannot is no failure.
        static_cast<void>(co_await client.set_modified(remote, here->modified));
    }
    co_return moved;
}

}  // namespace agent
