// What the subcommands do, each a function from plain values to an exit status; command_line.cc reads the
// values from the arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/administration.h"

namespace app {

struct ServeOptions {
    std::string config;      // the file
    std::string trace_peer;  // address whose dialogues are printed; empty: nobody's
};

// Runs the server until SIGTERM or SIGINT.
[[nodiscard]] int serve_command(const ServeOptions& options);

struct DemoOptions {
    std::string directory = "demo-data";
    bool any_port = false;  // ports that the kernel chooses, on the folder's first start
    std::string trace_peer;
};

// Everything on loopback with sample domains and people, until SIGTERM or SIGINT.
[[nodiscard]] int demo_command(const DemoOptions& options);

struct SetupOptions {
    std::string domain;
    std::string directory;
    std::string hostname;  // empty: mail.DOMAIN
    std::string
        user;  // whom the server becomes, and whose all that is written is; empty: nobody else
    bool password_from_stdin = false;
};

// Writes a configuration, a self-signed certificate and the first account; prints the DNS records.
[[nodiscard]] int setup_command(const SetupOptions& given);

// Runs `request` on the running server, or on its store while it is stopped.
[[nodiscard]] int administer_command(const std::string& config, AdminRequest request);

// The store of `config` becomes what `directory` holds. The server must be stopped.
[[nodiscard]] int restore_command(const std::string& directory, const std::string& config);

struct CarryOptions {
    std::string config;
    std::string account;  // its address
    std::string path;     // the files
    std::string mailbox;  // its path; empty: all
    std::string format;   // "maildir", "mbox"; empty: import finds out, export writes a maildir
};

// Mail from files into an account's mailboxes, and the other way, on a running or a stopped server.
[[nodiscard]] int import_command(const CarryOptions& options);
[[nodiscard]] int export_command(const CarryOptions& options);

struct AliasImportOptions {
    std::string config;
    std::string path;    // "-": standard input
    std::string domain;  // of names without one
};

// The aliases of a file as /etc/aliases, onto a running or a stopped server.
[[nodiscard]] int import_aliases_command(const AliasImportOptions& options);

struct ListImportOptions {
    std::string config;
    std::string list;
    std::string path;  // "-": standard input
    bool owners = false;
};

// The addresses of a file, a line each, onto a list; who is on it already stays.
[[nodiscard]] int import_members_command(const ListImportOptions& options);

struct MimeShowOptions {
    std::string file;  // "-": standard input
    bool json = false;
    bool groups = false;
    bool decode = false;
    std::string part;  // "1.2"; empty: the whole message's structure
};

[[nodiscard]] int mime_show_command(const MimeShowOptions& options);

struct MimeBuildOptions {
    std::string from;  // one address, and lists of them; names in UTF-8
    std::vector<std::string> to;
    std::vector<std::string> cc;
    std::string subject;
    std::string text;  // files; "-": standard input, empty: none
    std::string html;
    std::vector<std::string> attachments;
    std::vector<std::string> pictures;  // that the HTML shows as "cid:NAME"
    bool utf8 = false;                  // header fields in UTF-8 (RFC 6532)
};

// Writes a message to standard output.
[[nodiscard]] int mime_build_command(const MimeBuildOptions& options);

// The command table of "smtp", "pop3" or "imap".
[[nodiscard]] int dump_commands_command(const std::string& protocol);

// A password: the first line of standard input, or asked for at the terminal twice without echo.
// kInvalid when both differ or it is empty.
[[nodiscard]] base::Result<std::string> read_password(bool from_stdin);

}  // namespace app
