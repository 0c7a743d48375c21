// Plays a transcript against the real session over in-memory pipes: as written, an octet a read, as
// many client lines at once as may be pipelined, or cut off after some line.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/deflate.h"
#include "fakes/world.h"
#include "imap/server/server.h"
#include "net/pipe.h"
#include "pop3/server/server.h"
#include "smtp/server/server.h"
#include "transcripts/ftp_house.h"
#include "transcripts/transcript.h"

namespace transcripts {

enum class Mode {
    kWritten,  // line by line, each answer awaited
    kBytes,    // the server receives one octet at a time
    kBurst,    // client lines go out together wherever pipelining is legal
    kCut,      // as written up to some client line, then the client is gone
};

struct PlayOptions {
    Mode mode = Mode::kWritten;
    std::size_t cut_after = 0;  // kCut: client steps that are still played
};

class Player {
  public:
    // `protocol` is the folder the transcript lies in: "smtp", "pop3", "imap" or "ftp".
    Player(const Transcript& transcript, std::string protocol, PlayOptions options);
    ~Player();
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    // Plays it to its end. Nothing, or what went wrong, with the dialogue so far.
    [[nodiscard]] std::optional<std::string> play();

  private:
    struct Connection {
        std::unique_ptr<net::PipeStream> client;
        std::string received;                      // not yet cut into lines
        std::string unjudged;                      // lines of an answer of IMAP that goes on
        std::unique_ptr<base::Deflater> deflater;  // while both sides compress
        std::unique_ptr<base::Inflater> inflater;
        net::PipeStream* server = nullptr;
        bool ended = false;  // the session's coroutine has returned
    };

    void prepare(std::string_view clause);
    void prepare_users(std::string_view text);
    void prepare_list(std::string_view text);
    void prepare_option(std::string_view text);
    bool prepare_world(std::string_view word, std::string_view rest);
    bool prepare_network(std::string_view word, std::string_view rest);
    void make_services();
    Connection& connection(int number);
    void open(Connection& connection);
    [[nodiscard]] base::Task<> serve(std::unique_ptr<net::Stream> server);
    // The next line the server sends; nothing when it ends or keeps silent.
    std::optional<std::string> next_line(Connection& connection);
    void deflate(Connection& peer, const Step& step);
    static void push(Connection& peer, std::string octets);
    void judge_imap(Connection& connection, std::string_view line);
    static std::string inflated(Connection& peer, std::string octets);
    void perform(const Step& step);
    void expect(const Step& step);
    void expect_end(const Step& step);
    void expect_then(std::string_view clause);
    void see_client(const Step& step);
    void expect_queue(const Step& step, std::string_view what);
    std::string describe_queue(std::string_view word);
    // data.cc: FTP's data connection.
    void perform_data(const Step& step);
    void expect_data_line(const Step& step);
    void expect_file(const Step& step, std::string_view what);
    bool prepare_files(std::string_view word, std::string_view rest);
    void send_burst();
    void finish();
    void fault(const Step& step, const std::string& text);

    const Transcript& transcript_;
    std::string protocol_;
    PlayOptions options_;
    fakes::World world_;
    std::string first_domain_;
    net::PipeOptions pipe_;
    std::shared_ptr<smtp::ServerOptions> smtp_options_;
    std::shared_ptr<pop3::ServerOptions> pop3_options_;
    std::shared_ptr<imap::ServerOptions> imap_options_;
    // Made when the first connection opens, after every `given:`.
    std::unique_ptr<smtp::Services> smtp_services_;
    // Nothing takes messages out of the queue here.
    smtp::Outgoing outgoing_{.route = [](const account::Address& recipient,
                                         std::string_view) { return "mx:" + recipient.domain; },
                             .lifetimes = {},
                             .nudge = [](const std::vector<std::string>&) {}};
    bool with_queue_ = true;
    FtpHouse ftp_{world_};
    bool deaf_ = false;           // the client does not listen where PORT says
    bool any_data_line_ = false;  // a "D< ..." stands before the next D<
    std::unique_ptr<pop3::Services> pop3_services_;
    std::unique_ptr<imap::Services> imap_services_;
    bool ask_dns_ = false;  // the zone of `given: dns` decides
    smtp::DomainVerdict sender_domain_ = smtp::DomainVerdict::kExists;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<std::string> never_;  // patterns of S! lines
    bool any_line_ = false;           // a "S: ..." stands before the next S:
    std::string stamp_;               // of the first greeting that has one, for "{apop SECRET}"
    std::string challenge_;           // the last one, decoded, for "{cram USER SECRET}"
    std::size_t client_steps_ = 0;
    std::size_t burst_sent_ = 0;  // index of the first step whose octets have not been sent
    std::string dialogue_;
    std::optional<std::string> fault_;
};

}  // namespace transcripts
