// ftp::Client, the user's side of FTP: the control connection (RFC 959 4, RFC 1123 4.1), its protection and
// that of the data (RFC 4217), and transfers over data connections of its own (RFC 2428, RFC 3659). A server that has
// several names is told which one is meant (RFC 7151).
//
// TLS is used where the server offers it, and its certificate must prove the host's name. Each data connection
// resumes the control connection's TLS session: a server may demand that, and it proves who sends the data.
//
// BUGS: one transfer at a time; the control connection is not read while data flows, so that an early 4xx is
// seen only when the data connection ends. No GSS-API (RFC 2228).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ftp/client/pace.h"
#include "ftp/client/remote_entry.h"
#include "ftp/grammar/representation.h"
#include "net/line_stream.h"
#include "net/network.h"

namespace ftp {

enum class ClientTls : std::uint8_t {
    kNever,
    kOffered,   // AUTH TLS; in clear where the server does not know it
    kRequired,  // AUTH TLS, or nothing
    kImplicit,  // from the first octet, as on port 990
};

// Credentials are not part of it: see Client::login().
struct ClientOptions {
    std::string host;                      // whose certificate it must be
    std::vector<net::Endpoint> addresses;  // of the host, tried in this order
    ClientTls tls = ClientTls::kOffered;
    // False: go on whatever the certificate proves.
    bool verify = true;
    // With `verify`, asked about a certificate that does not prove the host's name before anything else is said: true
    // goes on, since somebody knows it. Null: nobody does.
    std::function<bool(const net::TlsInfo& tls)> knows = {};
    std::shared_ptr<net::TlsClientContext> tls_context;  // null: no TLS
    bool protect_data = true;                            // PROT P
    bool passive = true;
    bool extended = true;  // EPSV and EPRT before PASV and PORT
    bool use_mlsd = true;
    bool use_ranges = true;   // RANG before REST, for parts
    bool list_hidden = true;  // LIST -a, where the server understands it
    // Type A as it comes, with its carriage returns.
    bool keep_returns = false;
    // The longest listing of one folder that is read: its names are kept, and the server decides how many and how long.
    std::size_t listing_octets_max = std::size_t{256} << 20;
    // One bound for all connections that share it; null: none.
    std::shared_ptr<Pace> pace = {};
    // How long to wait for a reply, or for octets of a transfer.
    base::Duration patience = std::chrono::seconds(60);
    // Sees each line of the dialogue; passwords are concealed.
    std::function<void(bool sent, std::string_view line)> on_dialogue = {};
};

struct ServerReply {
    int code = 0;
    std::vector<std::string> lines;  // without the code

    // RFC 959 4.2.1: the first digit.
    [[nodiscard]] bool is_preliminary() const { return code / 100 == 1; }

    [[nodiscard]] bool is_done() const { return code / 100 == 2; }

    [[nodiscard]] bool is_intermediate() const { return code / 100 == 3; }

    // "550 No such file."
    [[nodiscard]] std::string to_string() const;
};

// Where downloaded octets go.
class ByteSink {
  public:
    ByteSink() = default;
    ByteSink(const ByteSink&) = delete;
    ByteSink& operator=(const ByteSink&) = delete;
    virtual ~ByteSink() = default;

    [[nodiscard]] virtual base::Result<> write(std::string_view octets) = 0;
};

// Where uploaded octets come from.
class ByteSource {
  public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    // How many were put into `room`; 0 at the end.
    [[nodiscard]] virtual base::Result<std::size_t> read(std::span<char> room) = 0;
};

struct TransferOptions {
    std::uint64_t restart = 0;  // REST: the first octet wanted or sent
    // Enough: the transfer ends in good order after so many octets, as a segment's does.
    std::optional<std::uint64_t> octets_max = {};
    // No file has more than octets_max behind `restart`: what comes all the same reaches the sink, since who sends it began
    // somewhere else.
    bool takes_excess = false;
    std::uint64_t rate_max = 0;  // octets a second; 0: as fast as it goes
    // Called with the octets so far, of this transfer.
    std::function<void(std::uint64_t octets)> on_progress = {};
};

class Client {
  public:
    template <class T>
    using Async = base::Task<base::Result<T>>;

    // Both must outlive the client, which belongs to the loop's thread.
    Client(net::Network& network, base::Loop& loop, ClientOptions options);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    // Up to the greeting, and TLS. kRefused, kUnreachable, kTimeout: nobody there; kDenied: the certificate
    // does not prove the name; kUnsupported: TLS was required and is not offered.
    [[nodiscard]] Async<void> connect();
    // First says HOST where the server knows it. kDenied. Afterwards features() are known and names are UTF-8 (RFC 2640).
    [[nodiscard]] Async<void> login(std::string user, std::string password, std::string account);
    [[nodiscard]] Async<void> quit();
    void close();

    [[nodiscard]] bool is_connected() const { return stream_ != nullptr && !lost_; }

    [[nodiscard]] bool is_logged_in() const { return logged_in_; }

    // Of the control connection; null in clear.
    [[nodiscard]] const net::TlsInfo* tls() const { return stream_ ? stream_->tls() : nullptr; }

    // RFC 2389 FEAT: names in upper case, with their parameters.
    [[nodiscard]] const std::map<std::string, std::string>& features() const { return features_; }

    [[nodiscard]] bool has(std::string_view feature) const {
        return features_.contains(std::string(feature));
    }

    [[nodiscard]] const ServerReply& last_reply() const { return last_reply_; }

    [[nodiscard]] ClientOptions& options() { return options_; }

    // Where the control connection leads.
    [[nodiscard]] const net::Endpoint& server() const { return server_; }

    // Something was said since the login that may have led to another folder.
    [[nodiscard]] bool has_moved() const { return moved_; }

    // The data connections are protected.
    [[nodiscard]] bool protects_data() const { return data_protected_; }

    // One command and its reply, whatever it is. kInvalid: a line end in it; kEof, kReset, kTimeout: the
    // connection is lost. The caller judges the code, or uses perform().
    [[nodiscard]] Async<ServerReply> command(std::string line);
    // The same for those who want 2yz: other replies are errors, see error_of().
    // `patiences`: how many times ClientOptions::patience the first reply may take.
    [[nodiscard]] Async<ServerReply> perform(std::string line, int patiences = 1);
    // What follows a 1yz that command() brought, however long it takes: of a transfer between two servers.
    [[nodiscard]] Async<ServerReply> conclude();
    // RFC 4217 9: P, or C.
    [[nodiscard]] Async<void> set_protection(bool protect);

    // Says TYPE unless the server has taken just this one in this session: not all begin with RFC 959's default.
    [[nodiscard]] Async<void> set_type(Type type, Form form = Form::kNonPrint);
    [[nodiscard]] Async<void> set_mode(Mode mode);
    [[nodiscard]] Async<void> set_structure(Structure structure);

    [[nodiscard]] const Representation& representation() const { return representation_; }

    // PWD. Asked once, until something is said that may change it.
    [[nodiscard]] Async<std::string> working_directory();
    [[nodiscard]] Async<void> change_directory(std::string path);
    // The path as the server says it.
    [[nodiscard]] Async<void> make_directory(std::string path);
    [[nodiscard]] Async<void> remove_directory(std::string path);
    [[nodiscard]] Async<void> remove(std::string path);
    [[nodiscard]] Async<void> rename(std::string from, std::string to);
    [[nodiscard]] Async<std::uint64_t> size(std::string path);
    [[nodiscard]] Async<base::WallTime> modified(std::string path);
    // MFMT, or MDTM with a time where only that is known. kUnsupported.
    [[nodiscard]] Async<void> set_modified(std::string path, base::WallTime time);
    // SHA-256 in lower-case hexadecimal of the first `octets`, by HASH or XSHA256; all of it without a
    // number. kUnsupported.
    [[nodiscard]] Async<std::string> sha256(std::string path, std::optional<std::uint64_t> octets);

    // MLSD or LIST of a folder, hidden files as well, without "." and "..", and without names that no local file may have.
    // kNotFound also where the server says 226 of a folder that it cannot show.
    [[nodiscard]] Async<std::vector<RemoteEntry>> list(std::string path);

    // The names that the last list() left out for that.
    [[nodiscard]] const std::vector<std::string>& left_out() const { return left_out_; }

    // The first line of the last list() that could not be read, or not for certain, or that was cut by the listing's end;
    // "" where all were. What it hides may be a file.
    [[nodiscard]] const std::string& unread_line() const { return unread_line_; }

    // NLST's names.
    [[nodiscard]] Async<std::vector<std::string>> names(std::string arguments);
    // The octets of "LIST -la" and the like as they come, however many.
    [[nodiscard]] Async<void> listing_into(std::string command_line, ByteSink& sink);

    // How many octets went through. kNotFound, kDenied ...: the server's reply; kIo, kNoSpace: the sink's
    // or source's; kReset: abort(), or the connection.
    [[nodiscard]] Async<std::uint64_t> retrieve(std::string path,
                                                TransferOptions options,
                                                ByteSink& sink);
    // `verb` is STOR, APPE or STOU.
    [[nodiscard]] Async<std::uint64_t> store(std::string verb,
                                             std::string path,
                                             TransferOptions options,
                                             ByteSource& source);
    // Ends the transfer in progress: it fails with kReset, after ABOR has brought both sides into step. A server that obeys
    // RFC 959 keeps nothing of an upload that ends so, or by hang_up(), or by a failure of its source.
    void abort();
    // Closes the connections, and wakes whoever waits for them: for a server that does not answer abort() either.
    void hang_up();
    // ABOR to what command() began and conclude() will not hear the end of. A server that does not come into step within
    // seconds is hung up on: kTimeout.
    [[nodiscard]] Async<void> cancel();

  private:
    struct DataChannel;

    // Which octets of a file.
    struct Portion {
        std::uint64_t restart = 0;
        std::optional<std::uint64_t> octets_max;
    };

    // What LIST says of a folder.
    struct Lines {
        std::vector<RemoteEntry> entries;
        bool has_itself = false;  // "." is among them
        bool is_empty = true;     // not even a total
    };

    [[nodiscard]] base::SteadyTime deadline() const;
    [[nodiscard]] Async<void> dial();
    [[nodiscard]] Async<void> greet();
    [[nodiscard]] Async<void> secure();
    [[nodiscard]] Async<void> start_tls();
    [[nodiscard]] base::Result<> judge(const net::TlsInfo& tls) const;
    [[nodiscard]] Async<void> protect();
    [[nodiscard]] Async<void> learn_features();
    [[nodiscard]] Async<void> name_host();
    [[nodiscard]] Async<void> send(std::string line);
    [[nodiscard]] Async<ServerReply> read_reply(base::SteadyTime deadline);

    [[nodiscard]] Async<ServerReply> read_reply() { return read_reply(deadline()); }

    // What follows `reply` until one is not 1yz; each may take until `patience`, or for ever.
    [[nodiscard]] Async<ServerReply> settle(ServerReply reply, bool for_ever = false);

    [[nodiscard]] Async<void> open_channel(DataChannel& channel);
    [[nodiscard]] Async<void> open_passive(DataChannel& channel);
    [[nodiscard]] Async<void> open_active(DataChannel& channel);
    [[nodiscard]] Async<net::Endpoint> ask_passive();
    [[nodiscard]] Async<void> place(DataChannel& channel, Portion portion);
    [[nodiscard]] Async<void> begin(DataChannel& channel, std::string command);
    [[nodiscard]] Async<void> secure_channel(net::Stream& stream);
    [[nodiscard]] Async<std::vector<RemoteEntry>> list_facts(std::string arguments);
    [[nodiscard]] Async<std::vector<RemoteEntry>> list_from_inside(std::string path);
    // "": the working directory.
    [[nodiscard]] Async<std::vector<RemoteEntry>> list_lines(std::string path);
    [[nodiscard]] Async<Lines> read_list(std::string command_line);
    [[nodiscard]] Async<void> expect_folder(std::string path);
    void note_unread(std::string_view line);
    [[nodiscard]] bool admits(const RemoteEntry& entry);
    // Exactly one of `sink` and `source`.
    [[nodiscard]] Async<std::uint64_t> transfer(std::string command_line,
                                                const TransferOptions& options,
                                                ByteSink* sink,
                                                ByteSource* source);
    [[nodiscard]] Async<std::uint64_t> receive_all(DataChannel& channel,
                                                   const TransferOptions& options,
                                                   ByteSink& sink);
    [[nodiscard]] Async<std::uint64_t> send_all(DataChannel& channel,
                                                const TransferOptions& options,
                                                ByteSource& source);
    [[nodiscard]] base::Task<> keep_pace(DataChannel& channel, Pace& own, std::uint64_t octets);
    [[nodiscard]] Async<void> finish(DataChannel& channel, base::Result<> outcome);
    [[nodiscard]] Async<void> expect_end(DataChannel& channel, base::SteadyTime end);
    [[nodiscard]] Async<void> conclude_transfer(const DataChannel& channel, base::Result<> outcome);
    void begin_abort();
    [[nodiscard]] Async<void> finish_abort();
    [[nodiscard]] Async<void> finish_cut();
    [[nodiscard]] Async<void> catch_up(base::SteadyTime end);

    net::Network& network_;
    base::Loop& loop_;
    ClientOptions options_;
    std::unique_ptr<net::Stream> stream_;
    std::optional<net::LineStream> lines_;
    net::Endpoint server_;
    bool lost_ = false;
    bool logged_in_ = false;
    bool data_protected_ = false;
    bool aborting_ = false;
    DataChannel* channel_ = nullptr;   // of the transfer in progress
    std::optional<Async<void>> abor_;  // ABOR, on its way or sent, whose replies nobody has read
    std::map<std::string, std::string> features_;
    Representation representation_;
    bool type_said_ = false;  // the server has taken representation_.type
    ServerReply last_reply_;
    std::optional<std::string> directory_;
    bool moved_ = false;
    std::optional<bool> knows_all_;  // LIST -a
    std::vector<std::string> left_out_;
    std::string unread_line_;
};

// What a reply means as an error: 421 and 4yz kUnavailable, 530 kDenied, 550 kNotFound, 552 kOverQuota and so on,
// with the reply as text.
[[nodiscard]] base::Error error_of(const ServerReply& reply);

}  // namespace ftp
