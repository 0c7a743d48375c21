#include "agent/segments.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <list>

#include "agent/local_file.h"
#include "agent/segment_status.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr std::uint64_t kPartOctetsMin = std::uint64_t{64} * 1024;
constexpr base::Duration kSaveEach = std::chrono::seconds(1);

class Segments {
  public:
    Segments(FtpSite& site, const CopyPaths& paths, const CopyOptions& options, Meter& meter)
        : site_(site),
          remote_(paths.remote),
          local_(paths.local),
          options_(options),
          meter_(meter) {}

    base::Task<base::Result<std::uint64_t>> run(unsigned connections) {
        CO_TRY_VOID(co_await site_.client().set_type(ftp::Type::kImage));
        const auto size = co_await site_.client().size(remote_);
        if (!size || *size < 2 * kPartOctetsMin || connections == 1 || !options_.keeps_octets()) {
            co_return co_await download(site_, site_.client(), {remote_, local_}, options_, meter_);
        }
        const auto modified = co_await site_.client().modified(remote_);
        CO_TRY(where_, co_await site_.client().working_directory());
        CO_TRY_VOID(prepare(*size, modified, connections));
        co_await fetch_beside_one_another(connections);
        if (begins_elsewhere_ && site_.client().has("RANG")) {
            CO_TRY_VOID(forget_ranges());
            CO_TRY_VOID(prepare(*size, modified, connections));
            co_await fetch_beside_one_another(connections);
        }
        meter_.end(waiting_.empty() && !is_mixed_);
        base::Result<> whole = tell_what_is_missing();
        if (whole) {
            whole = co_await verify();
        }
        if (is_mixed_) {
            CO_TRY_VOID(forget_all());
        }
        CO_TRY_VOID(whole);
        CO_TRY(const auto file, FileSink::open(local_, *size, true));
        CO_TRY_VOID(file->finish(options_.keep_time ? status_.modified : std::nullopt));
        ::unlink(segment_status_path(local_).c_str());
        co_return meter_.moved();
    }

  private:
    // Counts what a part has, as it comes.
    class PartSink final : public ftp::ByteSink {
      public:
        PartSink(Segments& owner, Part& part, FileSink& file)
            : owner_(owner),
              part_(part),
              file_(file) {}

        base::Result<> write(std::string_view octets) override {
            if (owner_.is_mixed_) {
                return fail(Errc::kInvalid, "nobody wants it any more");
            }
            if (octets.size() > part_.octets) {
                owner_.begins_elsewhere_ = true;
                return owner_.found_mixed(
                    "{}: more came than the server said there is: it does not begin where it is "
                    "told to, or the file grew");
            }
            TRY_VOID(file_.write(octets));
            part_.offset += octets.size();
            part_.octets -= octets.size();
            owner_.meter_.add(octets.size());
            return owner_.save_now_and_then();
        }

      private:
        Segments& owner_;
        Part& part_;
        FileSink& file_;
    };

    // What an earlier fetch left, or all of it in parts.
    base::Result<> prepare(std::uint64_t size,
                           const base::Result<base::WallTime>& modified,
                           unsigned connections) {
        status_.size = size;
        if (modified) {
            status_.modified = std::chrono::floor<std::chrono::seconds>(*modified);
        }
        const auto here = status_of(local_);
        const auto before = load_segment_status(local_);
        const bool resumed = here && here->is_file && before && before->size == size &&
                             before->modified == status_.modified;
        if (resumed) {
            divide(before->missing, connections);
        } else {
            divide({{.offset = 0, .octets = size}}, connections);
            TRY(const auto file, FileSink::open(local_, 0));  // empties it
            TRY_VOID(file->finish(std::nullopt));
        }
        std::uint64_t missing = 0;
        for (const Part& part : waiting_) {
            missing += part.octets;
        }
        meter_.begin(remote_, size, size - missing);
        return save();
    }

    void divide(const std::vector<Part>& missing, unsigned connections) {
        std::uint64_t all = 0;
        for (const Part& part : missing) {
            all += part.octets;
        }
        const std::uint64_t each = std::max(kPartOctetsMin, all / connections + 1);
        for (Part part : missing) {
            while (part.octets > 0) {
                const std::uint64_t octets = std::min(each, part.octets);
                waiting_.push_back({.offset = part.offset, .octets = octets});
                part.offset += octets;
                part.octets -= octets;
            }
        }
    }

    base::Task<> fetch_beside_one_another(unsigned connections) {
        const auto wanted = std::min<std::size_t>(connections, waiting_.size());
        for (std::size_t i = 1; i < wanted; ++i) {
            ++running_;
            base::spawn(fetch_beside(), [](const std::exception_ptr& thrown) {
                if (thrown) {
                    std::rethrow_exception(thrown);
                }
            });
        }
        co_await fetch_with(site_.client());
        while (running_ > 0) {
            co_await base::sleep_until(
                site_.loop(), site_.loop().clock().steady() + std::chrono::milliseconds(10));
        }
        // What a lost connection left.
        co_await fetch_with(site_.client());
    }

    base::Task<> fetch_beside() {
        auto client = co_await site_.another(where_);
        if (client && (co_await (*client)->set_type(ftp::Type::kImage))) {
            co_await fetch_with(**client);
            // After a cut transfer some servers are slow to say goodbye: nobody waits for that.
            (*client)->close();
        }
        --running_;
    }

    base::Task<> fetch_with(ftp::Client& client) {
        unsigned tries = 0;
        while (!waiting_.empty() && !given_up_ && !site_.is_interrupted()) {
            // Some servers hang up on whoever had enough of a file.
            if (!client.is_connected()) {
                if (!co_await connect_again(client, tries)) {
                    co_return;
                }
                continue;  // others may have taken what was left
            }
            const auto part = active_.insert(active_.end(), waiting_.front());
            waiting_.pop_front();
            const std::uint64_t before = part->octets;
            const auto fetched = co_await fetch_part(client, *part);
            tries = part->octets < before ? 0 : tries;
            if (part->octets > 0) {
                waiting_.push_front(*part);
            }
            active_.erase(part);
            if (fetched) {
                continue;
            }
            if (is_mixed_) {
                co_return;
            }
            last_failure_ = fetched.error();
            given_up_ = given_up_ || fetched.error().code == Errc::kIo ||
                        fetched.error().code == Errc::kNoSpace;
            if (given_up_ ||
                !co_await site_.try_again(client, fetched.error().code, tries, where_) ||
                !co_await client.set_type(ftp::Type::kImage)) {
                co_return;
            }
        }
    }

    base::Task<bool> connect_again(ftp::Client& client, unsigned& tries) {
        if (!last_failure_) {
            last_failure_ = {.code = Errc::kEof, .text = "the server hung up"};
        }
        co_return co_await site_.try_again(client, Errc::kEof, tries, where_) &&
            (co_await client.set_type(ftp::Type::kImage)).has_value();
    }

    base::Task<base::Result<>> fetch_part(ftp::Client& client, Part& part) {
        CO_TRY_VOID(co_await expect_the_same(client));
        CO_TRY(const auto file, FileSink::open(local_, part.offset, true));
        PartSink sink(*this, part, *file);
        // What comes behind the last part tells of a server that says 350 to RANG or REST and does not heed it. Behind others
        // it tells nothing: ProFTPD heeds where a range begins, and not always where it ends.
        const bool is_last = part.offset + part.octets == status_.size;
        client.options().use_ranges = use_ranges_;
        CO_TRY_VOID(co_await client.retrieve(
            remote_,
            {.restart = part.offset, .octets_max = part.octets, .takes_excess = is_last},
            sink));
        if (part.octets > 0) {
            co_return co_await why_short(client);
        }
        co_return file->finish(std::nullopt);
    }

    // Parts are opened one by one, so that a file which is replaced between two of them would come out as neither.
    base::Task<base::Result<>> expect_the_same(ftp::Client& client) {
        CO_TRY(const std::uint64_t size, co_await client.size(remote_));
        bool same = size == status_.size;
        if (same && status_.modified) {
            CO_TRY(const base::WallTime modified, co_await client.modified(remote_));
            same = std::chrono::floor<std::chrono::seconds>(modified) == *status_.modified;
        }
        co_return same ? base::Result<>() : found_mixed("{} was changed while it was fetched");
    }

    // A server that says 226 of a part that it cut is asked for the rest.
    base::Task<base::Result<>> why_short(ftp::Client& client) {
        CO_TRY_VOID(co_await expect_the_same(client));
        co_return fail(Errc::kEof, remote_ + ": the server sent less than it said");
    }

    // Nothing of what is here can be relied on.
    base::Result<> found_mixed(fmt::format_string<const std::string&> why) {
        is_mixed_ = true;
        given_up_ = true;
        last_failure_ = {.code = Errc::kInvalid, .text = fmt::format(why, remote_)};
        return fail(last_failure_->code, last_failure_->text);
    }

    // The status stays, so that nobody takes the file for whole, and all of it is fetched the next time.
    base::Result<> forget_all() {
        status_.missing = {{.offset = 0, .octets = status_.size}};
        return save_segment_status(local_, status_);
    }

    // REST is older than RANG: who does not heed the one may heed the other.
    base::Result<> forget_ranges() {
        use_ranges_ = false;
        is_mixed_ = false;
        given_up_ = false;
        last_failure_.reset();
        waiting_.clear();
        return forget_all();
    }

    base::Result<> save_now_and_then() {
        const base::SteadyTime now = site_.loop().clock().steady();
        return now - saved_ < kSaveEach ? base::Result<>() : save();
    }

    base::Result<> save() {
        saved_ = site_.loop().clock().steady();
        status_.missing.assign(waiting_.begin(), waiting_.end());
        std::copy_if(active_.begin(),
                     active_.end(),
                     std::back_inserter(status_.missing),
                     [](const Part& part) { return part.octets > 0; });
        return save_segment_status(local_, status_);
    }

    base::Result<> tell_what_is_missing() {
        if (is_mixed_) {
            return fail(last_failure_->code, last_failure_->text);
        }
        if (waiting_.empty()) {
            return {};
        }
        TRY_VOID(save());
        const std::string again = "; the same command goes on where this one ended";
        if (!last_failure_) {
            return fail(Errc::kReset, "the transfer was aborted" + again);
        }
        return fail(last_failure_->code, last_failure_->text + again);
    }

    // The file may have changed behind the beginning of the last part, or here between two runs; one that is replaced within
    // the second and has the same length shows only by its HASH.
    base::Task<base::Result<>> verify() {
        ftp::Client& client = site_.client();
        for (unsigned tries = 0; !client.is_connected();) {
            if (!co_await connect_again(client, tries)) {
                co_return fail(last_failure_->code,
                               last_failure_->text +
                                   ", before it said whether the file is still "
                                   "the same; the same command asks again");
            }
        }
        CO_TRY_VOID(co_await expect_the_same(client));
        const auto there = co_await client.sha256(remote_, std::nullopt);
        if (!there) {
            co_return base::Result<>();
        }
        CO_TRY(const std::string here, local_sha256(local_, std::nullopt));
        co_return here == *there
            ? base::Result<>()
            : found_mixed(
                  "{}: what came is not what the server has: its parts are of several "
                  "versions. Fetch it anew");
    }

    FtpSite& site_;
    const std::string remote_;
    const std::string local_;
    const CopyOptions options_;
    Meter& meter_;
    SegmentStatus status_;
    base::SteadyTime saved_{};
    std::string where_;
    std::deque<Part> waiting_;
    std::list<Part> active_;
    unsigned running_ = 0;
    bool given_up_ = false;  // no other connection helps
    bool is_mixed_ = false;  // what is here is of several versions
    bool use_ranges_ = true;
    bool begins_elsewhere_ = false;  // more came than lies behind where it was to begin
    std::optional<base::Error> last_failure_;
};

}  // namespace

base::Task<base::Result<std::uint64_t>> download_in_segments(
    FtpSite& site, CopyPaths paths, unsigned segments, CopyOptions options, Meter& meter) {
    Segments work(site, paths, options, meter);
    co_return co_await work.run(segments);
}

base::Result<std::uint64_t> get_in_segments(FtpSite& site,
                                            const CopyPaths& paths,
                                            unsigned segments,
                                            const CopyOptions& options,
                                            Meter& meter) {
    return site.run(download_in_segments(site, paths, segments, options, meter));
}

}  // namespace agent
