// The commands that carry mail between files and accounts, and look into messages.
#include <memory>

#include "app/command_parts.h"

namespace app {
namespace {

// One of the two that carry mail between files and an account.
void add_carry_command(CLI::App& top,
                       Action& action,
                       const std::string& verb,
                       const std::string& summary,
                       int (*run)(const CarryOptions&)) {
    auto options = std::make_shared<CarryOptions>();
    CLI::App& command = *top.add_subcommand(verb, summary);
    const bool is_import = verb == "import";
    command
        .add_option("PATH",
                    options->path,
                    is_import ? "A maildir, an mbox file, or a folder of files that end with .mbox"
                              : "The folder to write to")
        ->required();
    command.add_option("--account", options->account, "Whose mail: NAME@DOMAIN")
        ->type_name("ADDRESS")
        ->required();
    command
        .add_option("--mailbox",
                    options->mailbox,
                    is_import
                        ? "Where it goes; folders go below it. Without it: INBOX, and folders "
                          "beside it"
                        : "Only this mailbox")
        ->type_name("PATH");
    command
        .add_option("--format",
                    options->format,
                    is_import ? "What it is, where that cannot be seen" : "What to write")
        ->check(CLI::IsMember({"maildir", "mbox"}));
    add_config(command, options->config);
    command.callback([=, &action] { action = [=] { return run(*options); }; });
}

constexpr auto kBuildFooter =
    R"(The message has a Date, a Message-ID and, with --html alone, a plain text made of the HTML.
Texts are sent in UTF-8, their character set guessed when they are in another; attached files keep
every octet.

  staffetta mime build --from 'Alice <alice@crepes.example>' --to bob@hamburger.example \
      --subject 'Grüße' --text letter.txt --attach menu.pdf >message.eml
  echo '<p>Look: <img src="cid:logo.png">' |
      staffetta mime build --from alice@crepes.example --to bob@hamburger.example \
      --subject Logo --html - --inline pictures/logo.png >message.eml

Exit status: 0 done, 64 usage, 65 an address that is none, or a picture that the HTML does not show,
67 no such file, 74 a file that cannot be read or an output that cannot be written, 77 not permitted.)";

void add_mime_build(CLI::App& mime, Action& action) {
    auto options = std::make_shared<MimeBuildOptions>();
    CLI::App& build =
        *mime.add_subcommand("build", "Write a message of texts and files to standard output");
    build.footer(kBuildFooter);
    build.add_option("--from", options->from, "The author: an address, or NAME <ADDRESS>")
        ->type_name("A")
        ->required();
    const auto add_list = [&build](const char* name, auto& values, const char* type, auto help) {
        return build.add_option(name, values, help)->type_name(type)->allow_extra_args(false);
    };
    add_list("--to", options->to, "A[,A]", "The recipients; may be given again")->required();
    add_list("--cc", options->cc, "A[,A]", "Those who get a copy; may be given again");
    build.add_option("--subject", options->subject, "The subject")->type_name("S")->required();
    build.add_option("--text", options->text, "The text, or - for standard input")
        ->type_name("FILE");
    CLI::Option* html =
        build.add_option("--html", options->html, "The same as HTML, or - for standard input")
            ->type_name("FILE");
    add_list("--attach",
             options->attachments,
             "FILE",
             "Attach a file, its media type told by its octets; may be given again");
    add_list("--inline",
             options->pictures,
             "FILE",
             "A picture that the HTML shows as \"cid:NAME\"; may be given again")
        ->needs(html);
    build.add_flag("--utf8",
                   options->utf8,
                   "Write names and addresses as they are, for servers with SMTPUTF8 only");
    build.callback([=, &action] { action = [=] { return mime_build_command(*options); }; });
}

void add_mime_show(CLI::App& mime, Action& action) {
    auto options = std::make_shared<MimeShowOptions>();
    CLI::App& show = *mime.add_subcommand("show", "Print a message's structure, or one part of it");
    show.add_option("FILE", options->file, "A message, or - for standard input")->required();
    show.add_flag("--json", options->json, "The structure as JSON");
    show.add_flag("--groups",
                  options->groups,
                  "How the octets of FILE, or of the part, become base64, group by group");
    show.add_option("--part", options->part, "Print this part's octets, as 1.2")->type_name("N");
    show.add_flag(
            "--decode", options->decode, "Undo the part's transfer encoding and character set")
        ->needs("--part");
    show.callback([=, &action] { action = [=] { return mime_show_command(*options); }; });
}

}  // namespace

void add_carry_commands(CLI::App& top, Action& action) {
    add_carry_command(top,
                      action,
                      "import",
                      "Bring in mail from a maildir or mbox files; what is there already stays",
                      &import_command);
    add_carry_command(top,
                      action,
                      "export",
                      "Write an account's mail as a maildir (the default) or mbox files",
                      &export_command);
}

void add_mime_commands(CLI::App& top, Action& action) {
    CLI::App& mime = *top.add_subcommand("mime", "Look into messages, and build them");
    mime.require_subcommand(1);
    add_mime_show(mime, action);
    add_mime_build(mime, action);
}

}  // namespace app
