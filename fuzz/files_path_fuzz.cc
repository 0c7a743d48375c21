// Paths as clients name them. Properties: what join() lets through is absolute, plain and within its limits, and
// stays what it is when it is joined again; names from the disk are shown as names that can be sent back.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "files/path.h"

namespace {

void check_path(const std::string& path) {
    CHECK(path.starts_with('/') && path.size() <= files::kPathOctetsMax);
    CHECK(path.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos);
    std::string_view rest = std::string_view(path).substr(1);
    while (!rest.empty()) {
        const std::string_view name = base::split_front(rest, '/');
        CHECK(!name.empty() && name != "." && name != "..");
        CHECK(name.size() <= files::kNameOctetsMax);
        CHECK(!name.starts_with(files::kReservedPrefix));
    }
    CHECK(path == "/" || !path.ends_with('/'));
    CHECK(files::join("/", path) == path);
    CHECK(files::join(path, "") == path);
    CHECK(files::join(path, ".") == path);
    const files::SplitPath parts = files::split(path);
    CHECK(path == "/" || files::child(parts.parent, parts.name) == path);
    CHECK(files::join(path, "..") == std::string(path == "/" ? "/" : parts.parent));
    CHECK(files::is_within(path, parts.parent) && files::is_within(path, "/"));
}

}  // namespace

// The folder, LF, what is asked for there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view argument(reinterpret_cast<const char*>(data), size);
    const std::string_view folder = base::split_front(argument, '\n');
    const auto cwd = files::join("/", folder);
    if (cwd) {
        check_path(*cwd);
    }
    if (const auto path = files::join(cwd ? *cwd : "/", argument)) {
        check_path(*path);
        CHECK(!files::decomposed(files::split(*path).name).empty() || *path == "/");
    }
    const std::string shown = files::display_name(argument);
    CHECK(shown.find_first_of("\r\n") == std::string::npos);
    CHECK(files::display_name(shown) == shown);
    return 0;
}
