// Moving about, and changing names: CWD, CDUP, PWD, MKD, RMD, DELE, RNFR, RNTO, SMNT (RFC 959 4.1).
#include <fmt/format.h>

#include "base/ascii.h"
#include "ftp/grammar/command.h"
#include "ftp/server/session.h"

namespace ftp {

using base::Errc;
using base::Result;

Session::Answer Session::on_cwd(std::string arguments) {
    co_return co_await change_directory(arguments.empty() ? "/" : std::move(arguments));
}

// RFC 959 contradicts itself: 5.4 has 200 where CWD has 250, 4.1.1 the codes of CWD, which is what everybody answers
// and PHP insists on. Where folders have gone meanwhile, a share that was withdrawn or what others
// removed, the nearest that is left: who only knows CDUP could not leave otherwise.
Session::Answer Session::on_cdup(std::string /*arguments*/) {
    std::string path(files::split(directory_).parent);
    while (path != "/") {
        const auto entry = co_await tree().stat(loop_, path);
        if (entry ? entry->kind == files::Kind::kDirectory : !is_unseen(entry.error())) {
            break;
        }
        path = files::split(path).parent;
    }
    co_return co_await change_directory(std::move(path));
}

Session::Answer Session::change_directory(std::string argument) {
    const auto path = resolve(argument);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const auto entry = co_await tree().stat(loop_, *path);
    if (!entry) {
        co_return reply(550, entry.error().text);
    }
    if (entry->kind != files::Kind::kDirectory) {
        co_return reply(550, "That is no folder");
    }
    directory_ = *path;
    place_->set_directory(directory_);
    const std::string message = co_await folder_message();
    co_return reply(250, message + quote_path(directory_) + " is the current folder");
}

Session::Answer Session::on_pwd(std::string /*arguments*/) {
    co_return reply(257, quote_path(directory_) + " is the current folder");
}

Session::Answer Session::on_mkd(std::string arguments) {
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const auto made = co_await tree().make_directory(loop_, *path, 0777U & ~settings_.umask);
    if (!made) {
        note_disk(made.error());
        co_return reply(550, made.error().text);
    }
    co_return reply(257, quote_path(*path) + " was made");
}

Session::Answer Session::on_rmd(std::string arguments) {
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const auto removed = co_await tree().remove_directory(loop_, *path);
    if (!removed) {
        note_disk(removed.error());
        co_return reply(550, removed.error().text);
    }
    co_return reply(250, "The folder is removed");
}

Session::Answer Session::on_dele(std::string arguments) {
    const auto path = resolve_file(arguments);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const auto removed = co_await tree().remove(loop_, *path);
    if (removed) {
        co_return reply(250, "The file is deleted");
    }
    // SIZE tells of what was kept of an upload that was cut off, so DELE knows it too.
    if (is_unseen(removed.error()) && co_await tree().forget_partial(loop_, *path)) {
        co_return reply(250, "What was kept of the upload is deleted");
    }
    co_return refuse(removed.error(), Wish::kRead);
}

Session::Answer Session::on_rnfr(std::string arguments) {
    rename_from_.reset();
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const auto may = co_await tree().check_rename(loop_, *path);
    if (!may) {
        co_return refuse(may.error(), Wish::kRead);
    }
    rename_from_ = *path;
    co_return reply(350, "Now send RNTO");
}

Session::Answer Session::on_rnto(std::string arguments) {
    if (!rename_from_) {
        co_return protest(reply(503, "Send RNFR first"));
    }
    const std::string from = std::move(*rename_from_);
    rename_from_.reset();
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(553, path.error().text);
    }
    const auto renamed = co_await tree().rename(loop_, from, *path);
    if (!renamed) {
        note_disk(renamed.error());
        co_return reply(553, renamed.error().text);
    }
    co_return reply(250, "The file has its new name");
}

// RFC 959 4.1.1: what this user may see is mounted already.
Session::Answer Session::on_smnt(std::string arguments) {
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const auto entry = co_await tree().stat(loop_, *path);
    if (!entry || entry->kind != files::Kind::kDirectory) {
        co_return reply(550, entry ? "That is no folder" : entry.error().text);
    }
    co_return reply(202, "Everything you may see is mounted");
}

}  // namespace ftp
