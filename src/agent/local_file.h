// This machine's files, as sinks and sources of transfers: a path, "-" for the standard streams.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "ftp/client/client.h"

namespace agent {

struct LocalStatus {
    std::uint64_t size = 0;
    base::WallTime modified{};
    bool is_directory = false;
    bool is_file = false;
    bool is_link = false;
};

// Of `path` itself, not of what a link leads to, with `follow` false. Nothing where there is none.
[[nodiscard]] std::optional<LocalStatus> status_of(const std::string& path, bool follow = true);

// kTooLong, kNotFound, kDenied, kIo.
[[nodiscard]] base::Result<std::string> read_file(const std::string& path, std::size_t octets_max);

// In one step: whoever reads it sees the old text or the new one. Nobody but its owner may.
[[nodiscard]] base::Result<> replace_file(const std::string& path, std::string_view text);

class FileSink final : public ftp::ByteSink {
  public:
    // At `offset`: what stands behind it is cut off, unless `keep`. Offset 0 begins the file anew. A new file has
    // `permissions`, but for those that the umask takes away.
    [[nodiscard]] static base::Result<std::unique_ptr<FileSink>> open(const std::string& path,
                                                                      std::uint64_t offset,
                                                                      bool keep = false,
                                                                      mode_t permissions = 0666);
    // The standard output.
    [[nodiscard]] static std::unique_ptr<FileSink> standard();

    base::Result<> write(std::string_view octets) override;
    // What was opened with `keep` ends there, and goes on there.
    [[nodiscard]] base::Result<> cut_at(std::uint64_t offset);
    // Gives the file its time and closes it: a full disk may show only now.
    [[nodiscard]] base::Result<> finish(std::optional<base::WallTime> modified);

  private:
    FileSink(base::UniqueFd owned, int fd, std::string path)
        : owned_(std::move(owned)),
          fd_(fd),
          path_(std::move(path)) {}

    base::UniqueFd owned_;
    int fd_;
    std::string path_;
};

// A path or "-", emptied at the first octet, or at a finish() that was successful: a download that is refused leaves no
// empty file, and does not empty one.
class LateSink final : public ftp::ByteSink {
  public:
    explicit LateSink(std::string path) : path_(std::move(path)) {}

    // Opens the file, and makes it, without changing one that is there: whoever fetches would else learn only when
    // something comes that there is no place for it.
    [[nodiscard]] base::Result<> prepare();

    // Where the first octet will go; before any came.
    void begin_at(std::uint64_t offset) { position_ = offset; }

    // Where the next octet will go.
    [[nodiscard]] std::uint64_t position() const { return position_; }

    base::Result<> write(std::string_view octets) override;
    // Cuts off what came behind `offset`, where that is possible: on the standard output it is gone.
    [[nodiscard]] base::Result<> take_back(std::uint64_t offset);
    // Forgets what came. kInvalid: it is gone, on the standard output.
    [[nodiscard]] base::Result<> start_over();
    [[nodiscard]] base::Result<> finish(std::optional<base::WallTime> modified, bool complete);

  private:
    [[nodiscard]] base::Result<> begin();

    std::string path_;
    std::uint64_t position_ = 0;
    std::unique_ptr<FileSink> sink_;
    bool begun_ = false;  // it has what came, and nothing behind that
    bool made_ = false;   // by prepare()
};

class FileSource final : public ftp::ByteSource {
  public:
    [[nodiscard]] static base::Result<std::unique_ptr<FileSource>> open(const std::string& path,
                                                                        std::uint64_t offset);
    [[nodiscard]] static std::unique_ptr<FileSource> standard();

    base::Result<std::size_t> read(std::span<char> room) override;
    // kIo: a pipe has no places to go back to.
    [[nodiscard]] base::Result<> seek(std::uint64_t offset);

  private:
    FileSource(base::UniqueFd owned, int fd, std::string path)
        : owned_(std::move(owned)),
          fd_(fd),
          path_(std::move(path)) {}

    base::UniqueFd owned_;
    int fd_;
    std::string path_;
};

}  // namespace agent
