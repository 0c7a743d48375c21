#include "agent/segments.h"

#include <deque>
#include <exception>
#include <vector>

#include "agent/local_file.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr std::uint64_t kPartOctetsMin = 64UL * 1024;

struct Part {
    std::uint64_t offset = 0;
    std::uint64_t octets = 0;
};

class Segments {
  public:
    Segments(FtpSite& site,
             std::string remote,
             std::string local,
             const CopyOptions& options,
             Meter& meter)
        : site_(site),
          remote_(std::move(remote)),
          local_(std::move(local)),
          options_(options),
          meter_(meter) {}

    base::Task<base::Result<>> run(unsigned connections) {
        CO_TRY_VOID(co_await site_.client().set_type(ftp::Type::kImage));
        const auto size = co_await site_.client().size(remote_);
        if (!size || *size < 2 * kPartOctetsMin || connections == 1) {
            CO_TRY_VOID(co_await download(site_.client(), remote_, local_, options_, meter_));
            co_return base::Result<>();
        }
        divide(*size, connections);
        const auto modified = co_await site_.client().modified(remote_);
        CO_TRY(const auto file, FileSink::open(local_, 0));  // empties it
        meter_.begin(remote_, *size);
        CO_TRY(where_, co_await site_.client().working_directory());
        for (unsigned i = 1; i < connections; ++i) {
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
        meter_.end();
        // What a lost connection left.
        if (!parts_.empty() && site_.client().is_connected() && !failure_) {
            co_await fetch_with(site_.client());
        }
        if (failure_) {
            co_return fail(failure_->code, failure_->text);
        }
        co_return file->finish(options_.keep_time && modified ? std::optional(*modified)
                                                              : std::nullopt);
    }

  private:
    void divide(std::uint64_t size, unsigned count) {
        const std::uint64_t each = std::max(kPartOctetsMin, size / count + 1);
        for (std::uint64_t at = 0; at < size; at += each) {
            parts_.push_back({.offset = at, .octets = std::min(each, size - at)});
        }
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
        while (!parts_.empty() && client.is_connected() && !failure_) {
            const Part part = parts_.front();
            parts_.pop_front();
            const auto fetched = co_await fetch_part(client, part);
            if (!fetched && !failure_) {
                failure_ = fetched.error();
            }
        }
    }

    base::Task<base::Result<>> fetch_part(ftp::Client& client, Part part) {
        CO_TRY(const auto sink, FileSink::open(local_, part.offset, true));
        std::uint64_t before = 0;
        const auto moved = co_await client.retrieve(remote_,
                                                    {.restart = part.offset,
                                                     .octets_max = part.octets,
                                                     .rate_max = options_.rate_max,
                                                     .on_progress =
                                                         [this, &before](std::uint64_t octets) {
                                                             meter_.add(octets - before);
                                                             before = octets;
                                                         }},
                                                    *sink);
        if (!moved) {
            co_return fail(moved.error().code, moved.error().text);
        }
        if (*moved != part.octets) {
            co_return fail(Errc::kEof, "the file became shorter while it was fetched");
        }
        co_return sink->finish(std::nullopt);
    }

    FtpSite& site_;
    const std::string remote_;
    const std::string local_;
    const CopyOptions options_;
    Meter& meter_;
    std::string where_;
    std::deque<Part> parts_;
    unsigned running_ = 0;
    std::optional<base::Error> failure_;
};

}  // namespace

base::Result<> get_in_segments(FtpSite& site,
                               const std::string& remote,
                               const std::string& local,
                               unsigned segments,
                               const CopyOptions& options,
                               Meter& meter) {
    Segments work(site, remote, local, options, meter);
    return site.run(work.run(segments));
}

}  // namespace agent
