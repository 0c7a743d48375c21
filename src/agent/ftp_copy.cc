#include "agent/ftp_copy.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <memory>

#include "agent/local_file.h"
#include "agent/terminal.h"
#include "base/base64.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Whether the first `octets` here and there are the same. kUnsupported: the server cannot say.
base::Task<base::Result<bool>> same_beginning(ftp::Client& client,
                                              std::string remote,
                                              std::string local,
                                              std::uint64_t octets) {
    CO_TRY(const std::string there, co_await client.sha256(std::move(remote), octets));
    CO_TRY(const std::string here, local_sha256(local, octets));
    co_return here == there;
}

// Where the server cannot say, beginnings are taken to be the same, as every client does that resumes.
bool may_go_on(const base::Result<bool>& same) {
    return same ? *same : same.error().code == Errc::kUnsupported;
}

// What has its length already, and is newer where it comes from, did not grow: it was changed.
bool was_replaced(std::optional<base::WallTime> source, std::optional<base::WallTime> target) {
    constexpr base::Duration kPrecision = std::chrono::seconds(1);
    return source && target && *source > *target + kPrecision;
}

ftp::TransferOptions transfer_options(std::uint64_t restart, Meter& meter) {
    return {.restart = restart,
            .octets_max = {},
            .rate_max = 0,
            .on_progress = [&meter, before = std::uint64_t{0}](std::uint64_t octets) mutable {
                meter.add(octets - before);
                before = octets;
            }};
}

// The folder that a new connection must change to, for names to mean what they meant.
base::Task<std::string> folder_of(ftp::Client& client) {
    if (!client.has_moved()) {
        co_return "";
    }
    co_return (co_await client.working_directory()).value_or("");
}

class Download {
  public:
    Download(FtpSite& site,
             ftp::Client& client,
             CopyPaths paths,
             const CopyOptions& options,
             Meter& meter)
        : site_(site),
          client_(client),
          remote_(std::move(paths.remote)),
          local_(std::move(paths.local)),
          options_(options),
          meter_(meter),
          sink_(local_) {}

    base::Task<base::Result<std::uint64_t>> run() {
        CO_TRY_VOID(sink_.prepare());
        const std::string folder = co_await folder_of(client_);
        auto done = co_await begin();
        if (done) {
            done = co_await fetch_rest();
        }
        unsigned tries = 0;
        while (!done) {
            const std::uint64_t before = sink_.position();
            if (!co_await site_.try_again(client_, done.error().code, tries, folder)) {
                break;
            }
            complaint_ = done.error().text;
            done = co_await (begun_ ? go_on() : begin());
            if (done) {
                done = co_await fetch_rest();
            }
            tries = sink_.position() > before ? 0 : tries;
        }
        meter_.end(done.has_value());
        const auto finished =
            sink_.finish(done && options_.keep_time ? modified_ : std::nullopt, done.has_value());
        if (!done) {
            co_return fail(done.error().code, done.error().text);
        }
        CO_TRY_VOID(finished);
        co_return sink_.position() - first_;
    }

  private:
    // What the file is, and how much of it is here already.
    base::Task<base::Result<>> begin() {
        CO_TRY_VOID(co_await look());
        if (options_.resume && local_ != "-" && options_.keeps_octets()) {
            const auto here = status_of(local_);
            const bool part =
                here && here->is_file && here->size > 0 && (!total_ || here->size <= *total_);
            const bool replaced =
                part && total_ == here->size && was_replaced(modified_, here->modified);
            if (part && !replaced &&
                may_go_on(co_await same_beginning(client_, remote_, local_, here->size))) {
                sink_.begin_at(here->size);
            }
        }
        first_ = sink_.position();
        meter_.begin(remote_, total_, first_);
        begun_ = true;
        co_return base::Result<>();
    }

    base::Task<base::Result<>> look() {
        CO_TRY_VOID(co_await client_.set_type(options_.type, options_.form));
        if (options_.keeps_octets()) {
            auto size = co_await client_.size(remote_);
            if (!size && !client_.is_connected()) {
                co_return base::forward_error(size);
            }
            total_ = size ? std::optional(*size) : std::nullopt;
        }
        if ((options_.keep_time || options_.resume) && local_ != "-") {
            const auto time = co_await client_.modified(remote_);
            modified_ = time ? std::optional(*time) : std::nullopt;
        }
        co_return base::Result<>();
    }

    // After a new connection: the file must be the same. In type A places here are not places there.
    base::Task<base::Result<>> go_on() {
        if (!options_.keeps_octets()) {
            CO_TRY_VOID(sink_.start_over());
        }
        const auto total = total_;
        const auto modified = modified_;
        CO_TRY_VOID(co_await look());
        if (total != total_ || modified != modified_) {
            co_return fail(Errc::kInvalid, remote_ + " was changed while it was fetched");
        }
        co_return base::Result<>();
    }

    base::Task<base::Result<>> fetch_rest() {
        if (sink_.position() > 0 && total_ == sink_.position()) {
            tell_of_complaint();
            co_return base::Result<>();  // it is all here
        }
        const std::uint64_t from = sink_.position();
        CO_TRY_VOID(co_await client_.retrieve(remote_, transfer_options(from, meter_), sink_));
        if (is_counted() && from > 0 && sink_.position() > *total_) {
            CO_TRY_VOID(co_await expect_growth(from));
        }
        co_return check_length();
    }

    // More came than is due: the file grew, or the server said 350 to REST and sent it from its beginning all the same.
    base::Task<base::Result<>> expect_growth(std::uint64_t from) {
        const auto size = co_await client_.size(remote_);
        if (size && *size >= sink_.position()) {
            co_return base::Result<>();
        }
        const std::uint64_t came = sink_.position() - from;
        CO_TRY_VOID(sink_.take_back(from));
        co_return fail(Errc::kInvalid,
                       fmt::format("{}: the server was asked for what follows octet {} of {}, and "
                                   "sent {} octets: it does not go on where it is told to",
                                   remote_,
                                   from,
                                   *total_,
                                   came));
    }

    // A server may have said 451 behind the last octet of a file that has its length and time still.
    void tell_of_complaint() const {
        if (!complaint_.empty()) {
            clear_status_line();
            fmt::print(stderr,
                       "{}: {}. All of its octets have come\n",
                       without_controls(remote_),
                       without_controls(complaint_));
        }
    }

    // SIZE says how many octets are due.
    [[nodiscard]] bool is_counted() const {
        return total_ && client_.representation().structure == ftp::Structure::kFile;
    }

    // A server may say 226 of a transfer that it cut. A file that grew meanwhile is no fault.
    [[nodiscard]] base::Result<> check_length() const {
        if (is_counted() && sink_.position() < *total_) {
            return fail(
                Errc::kEof,
                fmt::format(
                    "{}: the server sent {} of {} octets", remote_, sink_.position(), *total_));
        }
        return {};
    }

    FtpSite& site_;
    ftp::Client& client_;
    const std::string remote_;
    const std::string local_;
    const CopyOptions options_;
    Meter& meter_;
    LateSink sink_;
    std::optional<std::uint64_t> total_;
    std::optional<base::WallTime> modified_;
    std::uint64_t first_ = 0;  // where this run began
    std::string complaint_;    // what the last try ended with
    bool begun_ = false;
};

// A local file that must have as many octets as it had at first: its end would else be taken for the end of the file.
class WholeSource final : public ftp::ByteSource {
  public:
    struct Expected {
        const std::string& path;
        std::uint64_t size;
        std::uint64_t begin;
    };

    WholeSource(ftp::ByteSource& source, const Expected& expected)
        : source_(source),
          expected_(expected),
          position_(expected.begin) {}

    base::Result<std::size_t> read(std::span<char> room) override {
        TRY(const std::size_t count, source_.read(room));
        position_ += count;
        if (count == 0 && position_ < expected_.size && has_changed()) {
            return fail(Errc::kIo, expected_.path + " became shorter while it was sent");
        }
        return count;
    }

  private:
    // Files of /sys say 4,096 octets, and have fewer.
    [[nodiscard]] bool has_changed() const {
        const auto now = status_of(expected_.path);
        return !now || now->size != expected_.size;
    }

    ftp::ByteSource& source_;
    const Expected expected_;
    std::uint64_t position_;
};

class Upload {
  public:
    Upload(FtpSite& site,
           ftp::Client& client,
           CopyPaths paths,
           const CopyOptions& options,
           Meter& meter)
        : site_(site),
          client_(client),
          local_(std::move(paths.local)),
          remote_(std::move(paths.remote)),
          options_(options),
          meter_(meter) {}

    base::Task<base::Result<std::uint64_t>> run() {
        if (local_ != "-") {
            here_ = status_of(local_);
        }
        if (here_ && here_->is_directory) {
            co_return fail(Errc::kInvalid, local_ + " is a folder; mirror -R sends folders");
        }
        auto opened = local_ == "-"
                          ? base::Result<std::unique_ptr<FileSource>>(FileSource::standard())
                          : FileSource::open(local_, 0);
        CO_TRY(source_, std::move(opened));
        const std::string folder = co_await folder_of(client_);
        auto done = co_await attempt(true);
        const bool again = here_ && here_->is_file && !options_.append && !options_.unique;
        for (unsigned tries = 0; !done && again;) {
            if (!co_await site_.try_again(client_, done.error().code, tries, folder)) {
                break;
            }
            done = co_await attempt(false);
        }
        meter_.end(done.has_value());
        if (done && options_.keep_time && here_ && !options_.unique) {
            // A courtesy: a server that cannot is no failure.
            static_cast<void>(co_await client_.set_modified(remote_, here_->modified));
        }
        co_return done;
    }

  private:
    // Below this a file is sent anew rather than looked for.
    static constexpr std::uint64_t kWorthLooking = std::uint64_t{1} << 20;

    base::Task<base::Result<std::uint64_t>> attempt(bool first) {
        CO_TRY_VOID(co_await client_.set_type(options_.type, options_.form));
        const std::uint64_t offset = co_await (first ? first_offset() : next_offset());
        if (here_ && here_->is_file) {
            CO_TRY_VOID(source_->seek(offset));
        }
        meter_.begin(remote_, here_ ? std::optional(here_->size) : std::nullopt, offset);
        if (offset > 0 && offset == here_->size) {
            co_return std::uint64_t{0};
        }
        // REST before STOR is what RFC 3659 5 has; APPE does the same and every server knows it.
        const bool append = options_.append || offset > 0;
        const std::string verb = options_.unique ? "STOU" : (append ? "APPE" : "STOR");
        if (!here_ || !here_->is_file) {
            co_return co_await client_.store(verb, remote_, transfer_options(0, meter_), *source_);
        }
        WholeSource whole(*source_, {.path = local_, .size = here_->size, .begin = offset});
        co_return co_await client_.store(verb, remote_, transfer_options(0, meter_), whole);
    }

    // With `resume`, what is there already. A large file's absence is worth knowing: what stands there after a lost
    // connection is then of this run.
    base::Task<std::uint64_t> first_offset() {
        const bool plain = here_ && here_->is_file && options_.keeps_octets() && !options_.append &&
                           !options_.unique;
        if (!plain || (!options_.resume && here_->size < kWorthLooking)) {
            co_return std::uint64_t{0};
        }
        const auto there = co_await client_.size(remote_);
        was_absent_ = !there && there.error().code == Errc::kNotFound;
        if (!options_.resume || !there || *there == 0 || *there > here_->size) {
            co_return std::uint64_t{0};
        }
        const bool is_stale = *there == here_->size && co_await is_older_there();
        const bool goes_on =
            !is_stale && may_go_on(co_await same_beginning(client_, remote_, local_, *there));
        co_return goes_on ? *there : std::uint64_t{0};
    }

    base::Task<bool> is_older_there() {
        const auto time = co_await client_.modified(remote_);
        co_return time&& was_replaced(here_->modified, *time);
    }

    base::Task<std::uint64_t> next_offset() {
        if (!options_.keeps_octets() || here_->size < kWorthLooking) {
            co_return std::uint64_t{0};
        }
        const auto there = co_await client_.size(remote_);
        if (!there || *there == 0 || *there > here_->size) {
            co_return std::uint64_t{0};
        }
        const auto same = co_await same_beginning(client_, remote_, local_, *there);
        co_return same.value_or(was_absent_) ? *there : std::uint64_t{0};
    }

    FtpSite& site_;
    ftp::Client& client_;
    const std::string local_;
    const std::string remote_;
    const CopyOptions options_;
    Meter& meter_;
    std::optional<LocalStatus> here_;
    std::unique_ptr<FileSource> source_;
    bool was_absent_ = false;
};

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
    FtpSite& site, ftp::Client& client, CopyPaths paths, CopyOptions options, Meter& meter) {
    Download work(site, client, std::move(paths), options, meter);
    co_return co_await work.run();
}

base::Task<base::Result<std::uint64_t>> upload(
    FtpSite& site, ftp::Client& client, CopyPaths paths, CopyOptions options, Meter& meter) {
    Upload work(site, client, std::move(paths), options, meter);
    co_return co_await work.run();
}

}  // namespace agent
