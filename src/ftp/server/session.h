// One FTP session (RFC 959 2.3): the loop around the command table, the transfer that runs beside it, and the
// handlers by group.
//
// One coroutine reads and writes the control connection. While a transfer runs, it waits for a line or for
// the transfer, whichever comes first: ABOR, STAT and NOOP are answered at once, other commands are held
// until the last reply of the transfer has gone out, so that replies keep the order of commands.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/authenticator.h"
#include "account/standing.h"
#include "files/files.h"
#include "ftp/grammar/data_port.h"
#include "ftp/grammar/listing.h"
#include "ftp/grammar/representation.h"
#include "ftp/server/activity.h"
#include "ftp/server/commands.h"
#include "ftp/server/data_channel.h"
#include "ftp/server/listing_lines.h"
#include "ftp/server/reply.h"
#include "ftp/server/server.h"
#include "ftp/server/transfer.h"
#include "net/line_stream.h"
#include "net/wakeup.h"

namespace ftp {

class Session {
  public:
    // All of them must outlive the session.
    Session(net::Stream& stream, const ServerOptions& options, Services& services);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    // From the greeting to the end. The caller closes the stream.
    [[nodiscard]] base::Task<> run();
    // For the log when a CHECK failed: who it was and the last commands, without secrets.
    [[nodiscard]] std::string describe() const;

    using Answer = base::Task<base::Result<Reply>>;

    // login.cc
    Answer on_user(std::string arguments);
    Answer on_pass(std::string arguments);
    Answer on_acct(std::string arguments);
    Answer on_rein(std::string arguments);
    Answer on_quit(std::string arguments);
    Answer on_host(std::string arguments);
    // security.cc
    Answer on_auth(std::string arguments);
    Answer on_pbsz(std::string arguments);
    Answer on_prot(std::string arguments);
    Answer on_ccc(std::string arguments);
    [[nodiscard]] Reply ask_for_tls() const;
    // parameters.cc
    Answer on_type(std::string arguments);
    Answer on_stru(std::string arguments);
    Answer on_mode(std::string arguments);
    Answer on_opts(std::string arguments);
    Answer on_pasv(std::string arguments);
    Answer on_epsv(std::string arguments);
    Answer on_port(std::string arguments);
    Answer on_eprt(std::string arguments);
    // folders.cc
    Answer on_cwd(std::string arguments);
    Answer on_cdup(std::string arguments);
    Answer on_pwd(std::string arguments);
    Answer on_mkd(std::string arguments);
    Answer on_rmd(std::string arguments);
    Answer on_dele(std::string arguments);
    Answer on_rnfr(std::string arguments);
    Answer on_rnto(std::string arguments);
    Answer on_smnt(std::string arguments);
    // facts.cc
    Answer on_size(std::string arguments);
    Answer on_mdtm(std::string arguments);
    Answer on_mfmt(std::string arguments);
    Answer on_mfct(std::string arguments);
    Answer on_mff(std::string arguments);
    Answer on_avbl(std::string arguments);
    // digests.cc
    Answer on_hash(std::string arguments);
    Answer on_xcrc(std::string arguments);
    Answer on_xmd5(std::string arguments);
    Answer on_xsha1(std::string arguments);
    Answer on_xsha256(std::string arguments);
    Answer on_xsha512(std::string arguments);
    // transfers.cc
    Answer on_retr(std::string arguments);
    Answer on_stor(std::string arguments);
    Answer on_stou(std::string arguments);
    Answer on_appe(std::string arguments);
    Answer on_allo(std::string arguments);
    Answer on_rest(std::string arguments);
    Answer on_rang(std::string arguments);
    Answer on_abor(std::string arguments);
    Answer on_comb(std::string arguments);
    // listings.cc
    Answer on_list(std::string arguments);
    Answer on_nlst(std::string arguments);
    Answer on_mlsd(std::string arguments);
    Answer on_mlst(std::string arguments);
    Answer on_stat(std::string arguments);
    // information.cc
    Answer on_syst(std::string arguments);
    Answer on_feat(std::string arguments);
    Answer on_help(std::string arguments);
    Answer on_noop(std::string arguments);
    Answer on_lang(std::string arguments);
    Answer on_clnt(std::string arguments);
    Answer on_csid(std::string arguments);
    // site.cc
    Answer on_site(std::string arguments);
    Answer on_site_chmod(std::string arguments);
    Answer on_site_copy(std::string arguments);
    Answer on_site_help(std::string arguments);
    Answer on_site_idle(std::string arguments);
    Answer on_site_quota(std::string arguments);
    Answer on_site_symlink(std::string arguments);
    Answer on_site_umask(std::string arguments);
    Answer on_site_utime(std::string arguments);
    Answer on_site_who(std::string arguments);

  private:
    // Whoever has logged in.
    struct User {
        std::string name;  // the address, or "anonymous"
        std::shared_ptr<files::Tree> tree;
        bool anonymous = false;
        std::string
            password;  // the anonymous user's: by custom an e-mail address, for the transfer log
    };

    // What OPTS and SITE chose.
    struct Settings {
        int deflate_level = 6;
        std::uint16_t facts = kDefaultFacts;
        files::HashAlgorithm hash = files::HashAlgorithm::kSha256;
        unsigned umask = 022;
    };

    // session.cc: the loop.
    [[nodiscard]] base::Task<base::Result<>> converse();
    void greet();
    [[nodiscard]] base::Task<base::Result<>> next_command();
    [[nodiscard]] base::Task<base::Result<std::string>> read_command();
    // Not inlined, or its frame and those below it are part of an idle session's.
    [[nodiscard, gnu::noinline]] base::Task<base::Result<>> obey(std::string line);
    [[nodiscard]] base::Task<base::Result<>> act_on(const Reply& reply);
    [[nodiscard]] Answer answer(std::string line);
    // `before`: what stands before the command's own verb.
    [[nodiscard]] Answer dispatch(const Command& command,
                                  std::string arguments,
                                  std::string_view before = "");
    [[nodiscard]] base::Task<base::Result<>> end(base::Error reason);
    [[nodiscard]] Reply protest(Reply reply);
    void put(const Reply& reply);
    // The account was disabled or removed while its session went on. The store is asked once a second.
    [[nodiscard]] bool is_shut_out();
    [[nodiscard]] static Reply farewell();
    // Whether what takes long shall go on: the client is there, may be, and the server stays.
    [[nodiscard]] bool is_awaited();
    // Shows and counts work without a data connection as a transfer, for as long as this is held; null where somebody
    // has their share of transfers: too_many() is the reply.
    [[nodiscard]] std::shared_ptr<const void> begin_work(std::string doing);
    [[nodiscard]] static Reply too_many();
    void log_end(std::string_view reason);

    // beside.cc: while a transfer runs.
    void begin_transfer();
    [[nodiscard]] base::Task<> run_transfer();
    [[nodiscard]] base::Task<base::Result<>> beside_transfer();
    [[nodiscard]] base::Task<> read_beside(std::optional<base::Result<std::string>>& into);
    [[nodiscard]] base::Task<base::Result<>> take_beside(base::Result<std::string> line);
    void answer_transfer(bool listening);
    // QUIT stands among the lines that are held.
    [[nodiscard]] bool has_said_goodbye() const;
    [[nodiscard]] base::Task<base::Result<>> end_transfer();
    [[nodiscard]] base::Task<> abandon_transfer();
    void log_transfer();
    void count_octets(bool sent, std::uint64_t octets);

    // login.cc
    [[nodiscard]] account::LoginContext login_context() const;
    [[nodiscard]] Answer enter(User user);
    [[nodiscard]] Reply login_failed(const base::Error& error);
    void forget_user();
    void begin_anew();

    // parameters.cc
    [[nodiscard]] bool may_fxp() const;
    // Why a data connection may not go there; nothing when it may.
    [[nodiscard]] std::optional<Reply> check_target(const DataPort& where) const;
    [[nodiscard]] std::string external_name() const;
    [[nodiscard]] base::Task<base::Result<std::string>> external_address();
    void renew_ticket();
    [[nodiscard]] Reply set_deflate(std::string_view options);

    // paths.cc
    [[nodiscard]] base::Result<std::string> resolve(std::string_view argument) const;
    [[nodiscard]] base::Result<std::string> resolve_file(std::string_view argument) const;

    [[nodiscard]] files::Tree& tree() { return *user_->tree; }
    // What to say of a failure: of files to be read, of files to be made, of listings.
    enum class Wish : std::uint8_t { kRead, kWrite, kList };
    [[nodiscard]] Reply refuse(const base::Error& error, Wish wish) const;
    // Tells the log of a disk that fails.
    void note_disk(const base::Error& error) const;

    // There is nothing of the name, or the user may not know: what is the user's own may be there all the same.
    [[nodiscard]] static bool is_unseen(const base::Error& error) {
        return error.code == base::Errc::kNotFound || error.code == base::Errc::kDenied;
    }

    [[nodiscard]] base::Task<std::string> folder_message();

    // folders.cc
    [[nodiscard]] Answer change_directory(std::string argument);

    // facts.cc
    // One of kFactModify, kFactCreate and kFactMode, and what it shall be.
    struct FactChange {
        Fact fact = kFactModify;
        base::WallTime time{};
        unsigned mode = 0;
    };

    [[nodiscard]] static base::Result<FactChange> parse_change(std::string_view name,
                                                               std::string_view value);
    [[nodiscard]] base::Task<base::Result<>> set_fact(std::string path, FactChange change);
    [[nodiscard]] base::Task<std::string> fact_now(std::string path, FactChange change);
    // "time path", answered with `code`.
    [[nodiscard]] Answer set_time(std::string arguments, Fact fact, int code);
    [[nodiscard]] Reply refuse_change(const base::Error& error) const;
    [[nodiscard]] static std::optional<unsigned> parse_octal(std::string_view digits);

    // digests.cc
    [[nodiscard]] Answer digest(std::string arguments, files::HashAlgorithm algorithm);
    [[nodiscard]] Reply choose_hash(std::string_view name);
    [[nodiscard]] std::string hash_feature() const;

    // transfers.cc
    [[nodiscard]] Answer store(std::string argument,
                               files::UploadOptions::Mode mode,
                               std::string verb);
    [[nodiscard]] Reply start(Job job, std::string text, std::optional<std::uint64_t> size);
    [[nodiscard]] Job::Send cut(std::unique_ptr<files::OpenFile> file);
    [[nodiscard]] static Reply refuse_range(int code);
    [[nodiscard]] base::Task<base::Result<files::Entry>> copy_into(files::Upload& upload,
                                                                   std::string path);

    // listings.cc
    [[nodiscard]] Representation listing_representation() const;
    [[nodiscard]] ListingStyle listing_style(ListingStyle::Shape shape) const;
    [[nodiscard]] base::Task<base::Result<std::unique_ptr<LineSource>>> open_lines(
        std::string argument, ListingStyle style);
    [[nodiscard]] Answer list(std::string verb, std::string argument, ListingStyle style);
    [[nodiscard]] Reply start_listing(std::string verb, std::unique_ptr<LineSource> lines);
    [[nodiscard]] std::string status() const;

    // information.cc
    [[nodiscard]] std::string feature_line(const Command& command) const;

    [[nodiscard]] base::SteadyTime now() const;
    [[nodiscard]] base::SteadyTime read_deadline() const;
    [[nodiscard]] base::SteadyTime write_deadline() const;

    [[nodiscard]] std::uint8_t state() const { return user_ ? kReady : kLogin; }

    const ServerOptions& options_;
    Services& services_;
    net::LineStream lines_;
    base::Loop& loop_;
    const std::string id_;
    std::unique_ptr<Activity::Place> place_;
    base::SteadyTime nobody_since_;  // logged in: since the greeting, or since the last user went

    std::string user_name_;  // USER's, until PASS
    std::string host_;       // HOST's
    bool italian_ = false;   // LANG's
    std::optional<User> user_;
    account::Standing standing_;
    std::string directory_ = "/";
    std::optional<std::string> rename_from_;

    Representation representation_;
    Settings settings_;
    std::uint64_t restart_ = 0;  // REST's
    std::optional<std::pair<std::uint64_t, std::uint64_t>>
        range_;                               // RANG's, the last octet included
    std::optional<std::uint64_t> announced_;  // ALLO's
    std::chrono::seconds idle_timeout_s_;
    bool buffer_size_given_ = false;  // PBSZ
    bool protects_data_ = false;      // AUTH's name says so, without PROT
    bool is_cleared_ = false;         // CCC

    DataChannel channel_;
    std::optional<Job> job_;  // begins when its 150 has gone out
    std::unique_ptr<Transfer> transfer_;
    std::optional<Reply> outcome_;  // of the transfer
    std::exception_ptr transfer_bug_;
    net::Wakeup beside_;             // a line has come, or the transfer has something to say
    std::vector<std::string> held_;  // lines that wait for the transfer's end
    bool abort_asked_ = false;

    bool closing_ = false;
    bool stopping_ = false;
    bool hung_up_ = false;  // the client's end has come, with QUIT before it
    std::size_t errors_ = 0;
    std::size_t login_failures_ = 0;
    std::string recent_;  // the last verbs, for describe()
    base::Counter* octets_sent_ = nullptr;
    base::Counter* octets_received_ = nullptr;
};

}  // namespace ftp
