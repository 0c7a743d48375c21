// A file's octets as its representation wants them, and back (RFC 959 3.1): line ends and character codes
// of text, records, pages; with the transmission mode behind it, so that one feed() goes from disk to wire.
// Streaming, in constant memory.
//
// On disk a line ends in LF. ASCII: each LF is CRLF on the wire, each CRLF is LF on disk, and a CR alone stays,
// so that every file comes back as it was. A record is a line; all their ends are marked, "including the final one" (RFC
// 959 3.4), so a last line without LF has one for who fetches it in records. Pages hold at most 255 octets, since their
// header's fields are single bytes of 8 bits (RFC 959 3.1.2.3); they are sent in order, without holes.
//
// BUGS: records of type I with an LF inside become two.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ftp/grammar/representation.h"
#include "ftp/grammar/wire.h"

namespace ftp {

class ContentEncoder {
  public:
    explicit ContentEncoder(Representation representation, int deflate_level = 6);

    // `octets` of the file, appended to `out` as they go over the wire.
    void feed(std::string_view octets, std::string& out);
    // A restart marker stands here (modes B and C).
    void marker(std::string_view text, std::string& out);
    void finish(std::string& out);

  private:
    void feed_text(std::string_view octets, std::string& out);
    void feed_records(std::string_view octets, std::string& out);
    void feed_pages(std::string_view octets, std::string& out);
    void put_page(unsigned type, std::string& out);
    void put_translated(std::string_view octets, std::string& out);

    const Representation representation_;
    std::unique_ptr<WireEncoder> wire_;
    std::string scratch_;
    std::string page_;
    unsigned page_index_ = 0;
    bool record_open_ = false;
};

// What became of fed octets, beside those that were appended.
struct Marker {
    std::string text;
    std::uint64_t octets = 0;  // of the file, decoded when it came
};

class ContentDecoder final : private WireEvents {
  public:
    explicit ContentDecoder(Representation representation);

    // `octets` of the wire; those of the file are appended to `out`. How many were taken: fewer than given
    // only at the file's end. kSyntax, kTooLong.
    [[nodiscard]] base::Result<std::size_t> feed(std::string_view octets, std::string& out);
    // The connection ended: the last octets, or kEof when the file is not whole.
    [[nodiscard]] base::Result<> finish(std::string& out);

    [[nodiscard]] bool ended() const { return wire_->ended(); }

    // The restart markers that came since the last call.
    [[nodiscard]] std::vector<Marker> take_markers();

  private:
    void data(std::string_view octets) override;
    void end_record() override;
    void marker(std::string_view text) override;
    void put_text(std::string_view octets);
    void put_page_octets(std::string_view octets);
    void begin_page();

    const Representation representation_;
    std::unique_ptr<WireDecoder> wire_;
    std::string* out_ = nullptr;  // while something is fed
    std::uint64_t octets_ = 0;    // appended in earlier feeds
    std::size_t out_before_ = 0;  // what stood in *out_
    std::vector<Marker> markers_;
    bool carriage_return_ = false;  // the last octet, not yet put
    std::string page_header_;
    std::size_t page_octets_left_ = 0;
    bool page_dropped_ = false;  // a descriptor's: it is not the file's
    bool last_page_ = false;
    bool page_fault_ = false;
};

}  // namespace ftp
