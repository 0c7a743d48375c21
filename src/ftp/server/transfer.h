// One transfer: what goes through the data connection between 150 and 226 (RFC 959 5.1 and 5.4). It runs
// beside the session, which goes on reading commands.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/fair_share.h"
#include "files/files.h"
#include "ftp/grammar/content.h"
#include "ftp/grammar/representation.h"
#include "ftp/server/data_channel.h"
#include "ftp/server/reply.h"
#include "ftp/server/server.h"
#include "net/wakeup.h"

namespace ftp {

// Text that is made while it is sent: a listing.
class LineSource {
  public:
    LineSource() = default;
    LineSource(const LineSource&) = delete;
    LineSource& operator=(const LineSource&) = delete;
    virtual ~LineSource() = default;

    // Appends some more lines to `out`; false at the end.
    [[nodiscard]] virtual base::Task<base::Result<bool>> next(base::Loop& loop,
                                                              std::string& out) = 0;
};

// What is to be transferred.
struct Job {
    struct Send {
        std::unique_ptr<files::OpenFile> file;
        std::uint64_t first = 0;
        std::uint64_t last = 0;     // one behind the last octet
        std::uint64_t skipped = 0;  // octets of the encoded file that are not sent (REST in TYPE A)
    };

    struct Receive {
        std::unique_ptr<files::Upload> upload;
    };

    struct SendLines {
        std::unique_ptr<LineSource> lines;
    };

    std::string verb;
    std::string path;  // the file's, for the log
    Representation representation;
    int deflate_level = 6;
    std::variant<std::monostate, Send, Receive, SendLines> what;
};

class Transfer {
  public:
    // `notify` is called when notices() has something. All must outlive it.
    Transfer(Job job,
             DataChannel& channel,
             Activity::Place& place,
             base::Loop& loop,
             const ServerOptions& options,
             Services& services,
             std::function<void()> notify);

    // From opening the data connection to the last reply: 226, 250, 425, 426, 451, 452, 551, 552. Whoever
    // wants it to end early calls DataChannel::abort().
    [[nodiscard]] base::Task<Reply> run();

    // 110 replies that are due (RFC 959 3.5), once each.
    [[nodiscard]] std::vector<Reply> take_notices();

    // The last question before a file that came gets its name: something has come on the control connection, or its
    // end, and only who reads there knows whether the client still wants the file.
    [[nodiscard]] bool asks() const { return asks_ && !wanted_; }

    // The first answer counts; it may come before the question.
    void answer(bool wanted);

    [[nodiscard]] const Job& job() const { return job_; }

    // Of the file, so far.
    [[nodiscard]] std::uint64_t octets() const { return octets_; }

    [[nodiscard]] base::SteadyTime began() const { return began_; }

    // After run(): the file went over whole.
    [[nodiscard]] bool succeeded() const { return succeeded_; }

  private:
    [[nodiscard]] base::Task<base::Result<>> move(net::Stream& stream);
    // send.cc
    [[nodiscard]] base::Result<> expect_right(const Job::Send& send);
    [[nodiscard]] base::Result<> became_shorter();
    [[nodiscard]] base::Task<base::Result<>> send_plain(net::Stream& stream, Job::Send& send);
    [[nodiscard]] base::Task<base::Result<>> send_encoded(net::Stream& stream, Job::Send& send);
    [[nodiscard]] base::Task<base::Result<>> send_lines(net::Stream& stream, LineSource& lines);
    [[nodiscard]] base::Task<> encode(ContentEncoder& encoder,
                                      std::string_view octets,
                                      std::string& wire);
    [[nodiscard]] base::Task<base::Result<>> flush(net::Stream& stream,
                                                   std::string& wire,
                                                   std::uint64_t& skip);
    // receive.cc
    [[nodiscard]] base::Task<base::Result<>> receive(net::Stream& stream, files::Upload& upload);
    [[nodiscard]] base::Task<base::Result<>> receive_plain(net::Stream& stream,
                                                           files::Upload& upload);
    enum class Filled { kWhole, kAtEnd, kNot };
    [[nodiscard]] base::Task<base::Result<Filled>> fill_room(net::Stream& stream,
                                                             files::Upload& upload);
    [[nodiscard]] base::Task<base::Result<>> receive_encoded(net::Stream& stream,
                                                             files::Upload& upload);
    [[nodiscard]] base::Result<std::size_t> decode(ContentDecoder& decoder,
                                                   std::string_view wire,
                                                   std::string& decoded,
                                                   std::uint64_t first);
    [[nodiscard]] base::Task<base::Result<>> commit(files::Upload& upload);
    [[nodiscard]] base::Task<base::Result<>> store(std::string& decoded, files::Upload& upload);
    // The same once a write is worth its while, or the client waits to be told of a marker.
    [[nodiscard]] base::Task<base::Result<>> store_when_much(std::string& decoded,
                                                             files::Upload& upload);
    // Whoever sends markers and reads no replies waits for himself.
    [[nodiscard]] base::Task<base::Result<>> wait_for_reader();

    [[nodiscard]] base::Task<> pace(std::uint64_t octets);
    [[nodiscard]] base::Task<> wait_until(base::SteadyTime when);
    [[nodiscard]] std::uint64_t piece_octets() const;
    [[nodiscard]] bool keeps_connection() const;
    [[nodiscard]] Reply conclude(const base::Result<>& moved);
    [[nodiscard]] Reply cannot_open(const base::Error& error) const;
    [[nodiscard]] base::SteadyTime stall_deadline() const;

    Job job_;
    DataChannel& channel_;
    Activity::Place& place_;
    base::Loop& loop_;
    const ServerOptions& options_;
    Services& services_;
    std::function<void()> notify_;
    std::vector<Reply> notices_;
    std::uint64_t octets_ = 0;
    std::uint64_t piece_octets_;
    base::SteadyTime began_;
    base::SteadyTime piece_began_;
    // Whose fault an error is decides the reply: the disk's is 451, the network's 426.
    bool disk_failed_ = false;
    bool asks_ = false;
    std::optional<bool> wanted_;
    net::Wakeup answered_;
    base::FairShare share_;
    bool succeeded_ = false;
};

}  // namespace ftp
