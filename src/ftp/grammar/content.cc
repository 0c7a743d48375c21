#include "ftp/grammar/content.h"

#include <algorithm>

#include "ftp/grammar/ebcdic.h"

namespace ftp {
namespace {

using base::Errc;
using base::fail;

constexpr char kEbcdicSpace = '\x40';

// RFC 959 3.1.2.3: header length, page index, data length, page type.
constexpr std::size_t kPageHeaderOctets = 4;
constexpr std::size_t kPageOctetsMax = 255;
constexpr unsigned kLastPage = 0;
constexpr unsigned kSimplePage = 1;
constexpr unsigned kDescriptorPage = 2;
constexpr unsigned kAccessPage = 3;

// RFC 959 3.4.3: filler is space in types A and E, zero in I and L.
char filler_of(const Representation& representation) {
    return representation.type == Type::kAscii    ? ' '
           : representation.type == Type::kEbcdic ? kEbcdicSpace
                                                  : '\0';
}

unsigned octet(char c) {
    return static_cast<unsigned char>(c);
}

}  // namespace

ContentEncoder::ContentEncoder(Representation representation, int deflate_level)
    : representation_(representation),
      wire_(make_encoder(representation.mode,
                         representation.structure,
                         filler_of(representation),
                         deflate_level)) {}

void ContentEncoder::feed(std::string_view octets, std::string& out) {
    switch (representation_.structure) {
        case Structure::kRecord:
            return feed_records(octets, out);
        case Structure::kPage:
            return feed_pages(octets, out);
        case Structure::kFile:
            break;
    }
    if (representation_.is_text()) {
        return feed_text(octets, out);
    }
    wire_->data(octets, out);
}

void ContentEncoder::feed_text(std::string_view octets, std::string& out) {
    scratch_.clear();
    if (representation_.type == Type::kEbcdic) {
        return put_translated(octets, out);
    }
    while (!octets.empty()) {
        const std::size_t end = std::min(octets.find('\n'), octets.size());
        scratch_ += octets.substr(0, end);
        if (end < octets.size()) {
            scratch_ += "\r\n";
        }
        octets.remove_prefix(std::min(end + 1, octets.size()));
    }
    wire_->data(scratch_, out);
}

void ContentEncoder::put_translated(std::string_view octets, std::string& out) {
    if (representation_.type != Type::kEbcdic) {
        return wire_->data(octets, out);
    }
    scratch_ = octets;
    to_ebcdic(scratch_);
    wire_->data(scratch_, out);
}

void ContentEncoder::feed_records(std::string_view octets, std::string& out) {
    while (!octets.empty()) {
        const std::size_t end = std::min(octets.find('\n'), octets.size());
        put_translated(octets.substr(0, end), out);
        record_open_ = end == octets.size();
        if (!record_open_) {
            wire_->end_record(out);
        }
        octets.remove_prefix(std::min(end + 1, octets.size()));
    }
}

void ContentEncoder::feed_pages(std::string_view octets, std::string& out) {
    while (!octets.empty()) {
        const std::size_t count = std::min(octets.size(), kPageOctetsMax - page_.size());
        page_ += octets.substr(0, count);
        octets.remove_prefix(count);
        if (page_.size() == kPageOctetsMax) {
            put_page(kSimplePage, out);
        }
    }
}

void ContentEncoder::put_page(unsigned type, std::string& out) {
    scratch_.clear();
    scratch_ += static_cast<char>(kPageHeaderOctets);
    scratch_ += static_cast<char>(page_index_++ & 0xffU);
    scratch_ += static_cast<char>(page_.size());
    scratch_ += static_cast<char>(type);
    scratch_ += page_;
    page_.clear();
    wire_->data(scratch_, out);
}

void ContentEncoder::marker(std::string_view text, std::string& out) {
    wire_->marker(text, out);
}

void ContentEncoder::finish(std::string& out) {
    if (record_open_) {
        wire_->end_record(out);
    }
    if (representation_.structure == Structure::kPage) {
        if (!page_.empty()) {
            put_page(kSimplePage, out);
        }
        put_page(kLastPage, out);
    }
    wire_->end_file(out);
}

ContentDecoder::ContentDecoder(Representation representation)
    : representation_(representation),
      wire_(
          make_decoder(representation.mode, representation.structure, filler_of(representation))) {}

base::Result<std::size_t> ContentDecoder::feed(std::string_view octets, std::string& out) {
    out_ = &out;
    out_before_ = out.size();
    auto taken = wire_->feed(octets, *this);
    octets_ += out.size() - out_before_;
    out_ = nullptr;
    if (page_fault_) {
        return fail(Errc::kSyntax, "a page's header is none of RFC 959 3.1.2.3");
    }
    return taken;
}

base::Result<> ContentDecoder::finish(std::string& out) {
    const bool pages_whole = representation_.structure != Structure::kPage || last_page_;
    if (!wire_->may_end() || !pages_whole) {
        return fail(Errc::kEof, "the data ended before the file did");
    }
    if (std::exchange(carriage_return_, false)) {
        out += '\r';
        ++octets_;
    }
    return {};
}

std::vector<Marker> ContentDecoder::take_markers() {
    return std::exchange(markers_, {});
}

void ContentDecoder::data(std::string_view octets) {
    if (representation_.structure == Structure::kPage) {
        return put_page_octets(octets);
    }
    if (!representation_.is_text()) {
        *out_ += octets;
        return;
    }
    if (representation_.type == Type::kEbcdic) {
        const std::size_t from = out_->size();
        *out_ += octets;
        return from_ebcdic(*out_, from);
    }
    put_text(octets);
}

// CRLF becomes LF, wherever the octets are cut; a CR alone stays.
void ContentDecoder::put_text(std::string_view octets) {
    while (!octets.empty()) {
        if (std::exchange(carriage_return_, false) && octets.front() != '\n') {
            *out_ += '\r';
        }
        const std::size_t end = std::min(octets.find('\r'), octets.size());
        *out_ += octets.substr(0, end);
        carriage_return_ = end < octets.size();
        octets.remove_prefix(std::min(end + 1, octets.size()));
    }
}

void ContentDecoder::end_record() {
    if (std::exchange(carriage_return_, false)) {
        *out_ += '\r';
    }
    if (representation_.structure == Structure::kRecord) {
        *out_ += '\n';
    }
}

void ContentDecoder::marker(std::string_view text) {
    markers_.push_back({std::string(text), octets_ + (out_->size() - out_before_)});
}

void ContentDecoder::put_page_octets(std::string_view octets) {
    while (!octets.empty() && !last_page_ && !page_fault_) {
        if (page_octets_left_ == 0) {
            page_header_ += octets.front();
            octets.remove_prefix(1);
            begin_page();
            continue;
        }
        const std::size_t count = std::min(octets.size(), page_octets_left_);
        if (!page_dropped_) {
            *out_ += octets.substr(0, count);
        }
        page_octets_left_ -= count;
        octets.remove_prefix(count);
    }
}

// Called with each octet of a header until it is whole. Fields that a header has beyond the fourth are
// skipped.
void ContentDecoder::begin_page() {
    const std::size_t length = octet(page_header_[0]);
    page_fault_ = length < kPageHeaderOctets;
    if (page_fault_ || page_header_.size() < length) {
        return;
    }
    const unsigned type = octet(page_header_[3]);
    page_octets_left_ = octet(page_header_[2]);
    page_dropped_ = type == kDescriptorPage;
    last_page_ = type == kLastPage;
    page_fault_ = type > kAccessPage || (last_page_ && page_octets_left_ != 0);
    page_header_.clear();
}

}  // namespace ftp
