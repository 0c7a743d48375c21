// The packed form of a Structure. Version 1, and version 2 where a parameter has `written`:
//
//     packed     = version octets lines parts defects defects-count
//     version    = %x01 / %x02
//     number     = 7 bits an octet, least significant first, the high bit on all but the last
//     string     = number *OCTET
//     parts      = number *part         defects = number *(kind offset)
//     part       = up header-begin header-octets body-octets lines bits
//                  type subtype parameters encoding encoding-name [disposition parameters]
//                  id description location md5 languages envelope
//     parameters = number *(name value charset language [written])          the last in version 2
//
// `up` is the distance to the parent in the list of parts, 0 for the message itself; header-begin counts
// from the previous part's. Everything else is a number or a string named after its field.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "mime/packed_structure.h"
#include "mime/structure.h"

namespace mime {
namespace {

constexpr char kVersion = 1;
constexpr char kVersionWithWritten = 2;

bool has_written(const Parameters& parameters) {
    return std::any_of(parameters.list.begin(),
                       parameters.list.end(),
                       [](const Parameter& parameter) { return !parameter.written.empty(); });
}

// Few messages have any, so the octet that each parameter takes for it is left out of all others.
char version_for(const Structure& structure) {
    const bool with_written =
        std::any_of(structure.parts.begin(), structure.parts.end(), [](const Part& part) {
            return has_written(part.type.parameters) ||
                   (part.disposition && has_written(part.disposition->parameters));
        });
    return with_written ? kVersionWithWritten : kVersion;
}

bool is_version(std::string_view octets) {
    return octets.starts_with(kVersion) || octets.starts_with(kVersionWithWritten);
}

constexpr std::uint64_t kIsMessage = 1;
constexpr std::uint64_t kHasType = 2;
constexpr std::uint64_t kHasDisposition = 4;
constexpr unsigned kHeaderOctetsShift = 3;
constexpr unsigned kBodyOctetsShift = 7;
constexpr std::uint64_t kBitsMax = (1U << 11U) - 1;

std::uint64_t to_bits(const OctetFlags& flags) {
    return (flags.has_8bit ? 1U : 0U) | (flags.has_nul ? 2U : 0U) | (flags.has_bare_lf ? 4U : 0U) |
           (flags.has_bare_cr ? 8U : 0U);
}

OctetFlags from_bits(std::uint64_t bits) {
    return {(bits & 1U) != 0, (bits & 2U) != 0, (bits & 4U) != 0, (bits & 8U) != 0};
}

class Writer {
  public:
    explicit Writer(char version) : out_{version} {}

    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U) {
            out_ += static_cast<char>((value & 0x7fU) | 0x80U);
        }
        out_ += static_cast<char>(value);
    }

    void string(std::string_view text) {
        number(text.size());
        out_ += text;
    }

    void parameters(const Parameters& parameters) {
        number(parameters.list.size());
        for (const Parameter& parameter : parameters.list) {
            string(parameter.name);
            string(parameter.value);
            string(parameter.charset);
            string(parameter.language);
            if (out_.front() == kVersionWithWritten) {
                string(parameter.written);
            }
        }
    }

    void part(const Part& part);

    std::string out_;
};

void Writer::part(const Part& part) {
    number(part.body_begin - part.header_begin);
    number(part.body_end - part.body_begin);
    number(part.lines);
    number((part.is_message ? kIsMessage : 0) | (part.has_type ? kHasType : 0) |
           (part.disposition ? kHasDisposition : 0) |
           (to_bits(part.header_octets) << kHeaderOctetsShift) |
           (to_bits(part.body_octets) << kBodyOctetsShift));
    string(part.type.type);
    string(part.type.subtype);
    parameters(part.type.parameters);
    number(static_cast<std::uint64_t>(part.encoding));
    string(part.encoding_name);
    if (part.disposition) {
        string(part.disposition->type);
        parameters(part.disposition->parameters);
    }
    for (const std::string* text : {&part.id, &part.description, &part.location, &part.md5}) {
        string(*text);
    }
    number(part.languages.size());
    for (const std::string& language : part.languages) {
        string(language);
    }
    string(part.envelope);
}

// Reads what Writer wrote. After the first thing that cannot be, everything reads as nothing and ok()
// is false.
class Reader {
  public:
    // `packed` has a version of ours in front.
    explicit Reader(std::string_view packed)
        : left_(packed.substr(1)),
          with_written_(packed.front() == kVersionWithWritten) {}

    [[nodiscard]] bool ok() const { return ok_; }

    [[nodiscard]] bool at_end() const { return left_.empty(); }

    std::uint64_t number(std::uint64_t max = std::numeric_limits<std::uint64_t>::max()) {
        std::uint64_t value = 0;
        for (unsigned shift = 0; ok_ && shift < 64 && !left_.empty(); shift += 7) {
            const auto octet = static_cast<unsigned char>(left_.front());
            left_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(octet & 0x7fU) << shift;
            if ((octet & 0x80U) == 0) {
                ok_ = value <= max && (shift < 63 || octet <= 1);
                return ok_ ? value : 0;
            }
        }
        ok_ = false;
        return 0;
    }

    // A count of things that take at least one octet each.
    std::uint64_t count() { return number(left_.size()); }

    std::string string() {
        const std::uint64_t octets = number();
        if (octets > left_.size()) {
            ok_ = false;
        }
        if (!ok_) {
            return {};
        }
        std::string text(left_.substr(0, octets));
        left_.remove_prefix(octets);
        return text;
    }

    Parameters parameters() {
        Parameters parameters;
        for (std::uint64_t left = count(); ok_ && left > 0; --left) {
            Parameter& parameter = parameters.list.emplace_back();
            parameter.name = string();
            parameter.value = string();
            parameter.charset = string();
            parameter.language = string();
            if (with_written_) {
                parameter.written = string();
            }
        }
        return parameters;
    }

    void part(Part& part);
    // What stands before the part's texts.
    std::uint64_t offsets_and_bits(Part& part);

    // a + b, unless that overflows.
    std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
        ok_ = ok_ && b <= std::numeric_limits<std::uint64_t>::max() - a;
        return ok_ ? a + b : 0;
    }

    void fail() { ok_ = false; }

  private:
    std::string_view left_;
    bool with_written_;
    bool ok_ = true;
};

std::uint64_t Reader::offsets_and_bits(Part& part) {
    part.body_begin = sum(part.header_begin, number());
    part.body_end = sum(part.body_begin, number());
    part.lines = number();
    const std::uint64_t bits = number(kBitsMax);
    part.is_message = (bits & kIsMessage) != 0;
    part.has_type = (bits & kHasType) != 0;
    part.header_octets = from_bits(bits >> kHeaderOctetsShift);
    part.body_octets = from_bits(bits >> kBodyOctetsShift);
    return bits;
}

void Reader::part(Part& part) {
    const std::uint64_t bits = offsets_and_bits(part);
    part.type.type = string();
    part.type.subtype = string();
    part.type.parameters = parameters();
    part.encoding = static_cast<Encoding>(number(static_cast<std::uint64_t>(Encoding::kOther)));
    part.encoding_name = string();
    if ((bits & kHasDisposition) != 0) {
        part.disposition.emplace();
        part.disposition->type = string();
        part.disposition->parameters = parameters();
    }
    for (std::string* text : {&part.id, &part.description, &part.location, &part.md5}) {
        *text = string();
    }
    for (std::uint64_t left = count(); ok_ && left > 0; --left) {
        part.languages.push_back(string());
    }
    part.envelope = string();
}

}  // namespace

std::string pack(const Structure& structure) {
    Writer writer(version_for(structure));
    writer.number(structure.octets);
    writer.number(structure.lines);
    writer.number(structure.parts.size());
    std::uint64_t header_begin = 0;
    for (std::size_t i = 0; i < structure.parts.size(); ++i) {
        const Part& part = structure.parts[i];
        writer.number(part.parent == kNoPart ? 0 : i - part.parent);
        writer.number(part.header_begin - header_begin);
        header_begin = part.header_begin;
        writer.part(part);
    }
    writer.number(structure.defects.size());
    for (const Defect& defect : structure.defects) {
        writer.number(static_cast<std::uint64_t>(defect.kind));
        writer.number(defect.offset);
    }
    writer.number(structure.defects_count);
    return std::move(writer.out_);
}

base::Result<Structure> unpack(std::string_view octets) {
    if (!is_version(octets)) {
        return base::fail(base::Errc::kCorrupt, "message structure of an unknown version");
    }
    Reader reader(octets);
    Structure structure;
    structure.octets = reader.number();
    structure.lines = reader.number();
    std::uint64_t header_begin = 0;
    const std::uint64_t parts = reader.count();
    for (std::uint64_t i = 0; reader.ok() && i < parts; ++i) {
        Part part;
        const std::uint64_t up = reader.number(i);
        if ((up == 0) != (i == 0)) {
            reader.fail();
        } else if (i > 0) {
            part.parent = static_cast<std::uint32_t>(i - up);
            structure.parts[part.parent].children.push_back(static_cast<std::uint32_t>(i));
        }
        header_begin = reader.sum(header_begin, reader.number());
        part.header_begin = header_begin;
        reader.part(part);
        structure.parts.push_back(std::move(part));
    }
    for (std::uint64_t left = reader.count(); reader.ok() && left > 0; --left) {
        const auto kind = static_cast<DefectKind>(reader.number(kDefectKinds - 1));
        structure.defects.push_back({kind, reader.number()});
    }
    structure.defects_count = reader.number();
    if (!reader.ok() || !reader.at_end() || structure.parts.empty()) {
        return base::fail(base::Errc::kCorrupt, "message structure cannot be read");
    }
    return structure;
}

bool packed_is_ascii(std::string_view octets) {
    if (!is_version(octets)) {
        return false;
    }
    Reader reader(octets);
    // The message's octets, lines and parts; then the root, whose body is all that is in it: its distance
    // to a parent, and its begin.
    for (int numbers = 0; numbers < 5; ++numbers) {
        static_cast<void>(reader.number());
    }
    Part root;
    static_cast<void>(reader.offsets_and_bits(root));
    return reader.ok() && !root.header_octets.has_8bit && !root.body_octets.has_8bit;
}

}  // namespace mime
