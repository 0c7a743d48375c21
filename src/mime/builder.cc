#include "mime/builder.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/ascii.h"
#include "mime/header_writer.h"
#include "mime/lexer.h"
#include "mime/survey.h"

namespace mime {
namespace {

bool is_message(const ContentType& type) {
    return type.type == "message" && type.subtype != "external-body";
}

bool is_token(std::string_view text) {
    return !text.empty() && base::is_ascii(text) &&
           std::all_of(text.begin(), text.end(), is_token_char);
}

// What is decided about an entity before anything is written.
struct Plan {
    Encoding encoding = Encoding::k7bit;  // of a leaf; for a multipart what its parts need at least
    std::string boundary;
    std::optional<std::string> text;  // what stands for the content: line ends made CRLF
    std::vector<Plan> children;
};

// Plans a tree of entities, its depth checked on the way down, and writes it.
class EntityWriter {
  public:
    EntityWriter(base::Random& random, const BuildOptions& options)
        : random_(random),
          options_(options) {}

    base::Result<Plan> plan(const Entity& entity, std::size_t depth) {
        if (depth > options_.depth_max) {
            return base::fail(base::Errc::kTooLong, "a message nested too deep to be written");
        }
        if (!is_token(entity.type.type) || !is_token(entity.type.subtype)) {
            return base::fail(base::Errc::kInvalid, "a media type that is not two tokens");
        }
        if (entity.type.type != "multipart") {
            return plan_leaf(entity);
        }
        if (entity.children.empty()) {
            return base::fail(base::Errc::kInvalid, "a multipart without parts");
        }
        Plan multipart;
        multipart.boundary = "=_" + random_.token(24);  // "=_" is in no encoded text
        for (const Entity& child : entity.children) {
            TRY(Plan part, plan(child, depth + 1));
            const bool is_identity = part.encoding <= Encoding::kBinary;
            multipart.encoding =
                std::max(multipart.encoding, is_identity ? part.encoding : Encoding::k7bit);
            multipart.children.push_back(std::move(part));
        }
        return multipart;
    }

    base::Result<> write(const Entity& entity, const Plan& plan, OctetSink& sink) {
        TRY_VOID(write_fields(entity, plan, sink));
        if (plan.children.empty()) {
            return write_content(entity, plan, sink);
        }
        for (std::size_t i = 0; i < plan.children.size(); ++i) {
            TRY_VOID(sink.write((i == 0 ? "--" : "\r\n--") + plan.boundary + "\r\n"));
            TRY_VOID(write(entity.children[i], plan.children[i], sink));
        }
        return sink.write("\r\n--" + plan.boundary + "--\r\n");
    }

  private:
    [[nodiscard]] base::Result<Plan> plan_leaf(const Entity& entity) const {
        Plan leaf;
        Survey seen;
        const auto look = [&seen](std::string_view octets) -> base::Result<> {
            seen.feed(octets);
            return {};
        };
        if (entity.source) {
            TRY_VOID(read_through(*entity.source, 0, kEnd, look));
        } else if (entity.type.type == "text" && !entity.keep_octets) {
            leaf.text = to_crlf(entity.content);
            seen.feed(*leaf.text);
        } else {
            seen.feed(entity.content);
        }
        // RFC 2046 5.2.1: no encoding but 7bit, 8bit and binary for a message
        leaf.encoding =
            is_message(entity.type) ? seen.identity() : seen.smallest(options_.allow_8bit);
        return leaf;
    }

    static base::Result<> write_content(const Entity& entity, const Plan& plan, OctetSink& sink) {
        const std::string_view content =
            plan.text ? std::string_view(*plan.text) : std::string_view(entity.content);
        StringSource in_memory(content);
        TransferEncoder encoder(plan.encoding);
        std::string out;
        TRY_VOID(read_through(entity.source ? *entity.source : in_memory,
                              0,
                              kEnd,
                              [&](std::string_view octets) -> base::Result<> {
                                  out.clear();
                                  encoder.feed(octets, out);
                                  return sink.write(out);
                              }));
        out.clear();
        encoder.finish(out);
        return sink.write(out);
    }

    base::Result<> write_fields(const Entity& entity, const Plan& plan, OctetSink& sink) const {
        ContentType type = entity.type;
        if (!plan.boundary.empty()) {
            type.parameters.set("boundary", plan.boundary);
        }
        HeaderWriter writer(options_.form);
        for (const auto& [name, text] : entity.fields) {
            writer.unstructured(name, text);
        }
        writer.with_parameters("Content-Type", type.type + "/" + type.subtype, type.parameters);
        if (plan.encoding != Encoding::k7bit) {
            writer.structured("Content-Transfer-Encoding", encoding_name(plan.encoding));
        }
        if (entity.disposition) {
            writer.with_parameters(
                "Content-Disposition",
                is_token(entity.disposition->type) ? entity.disposition->type : "attachment",
                entity.disposition->parameters);
        }
        writer.message_ids("Content-ID", {entity.id});
        if (!entity.description.empty()) {
            writer.unstructured("Content-Description", entity.description);
        }
        return sink.write(writer.text() + "\r\n");
    }

    static constexpr std::uint64_t kEnd = std::numeric_limits<std::uint64_t>::max();

    base::Random& random_;
    const BuildOptions& options_;
};

}  // namespace

Encoding choose_encoding(std::string_view content, bool allow_8bit) {
    return survey(content).smallest(allow_8bit);
}

base::Result<> write_entity(const Entity& entity,
                            base::Random& random,
                            const BuildOptions& options,
                            OctetSink& sink,
                            std::string_view fields) {
    EntityWriter writer(random, options);
    TRY(const Plan plan, writer.plan(entity, 0));
    TRY_VOID(sink.write(fields));
    return writer.write(entity, plan, sink);
}

base::Result<std::string> build_entity(const Entity& entity,
                                       base::Random& random,
                                       const BuildOptions& options) {
    StringSink sink;
    TRY_VOID(write_entity(entity, random, options, sink));
    return sink.take();
}

std::string make_message_id(base::Random& random, std::string_view domain) {
    return random.token(32) + "@" + std::string(domain);
}

std::string to_crlf(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 32);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r' && text[i] != '\n') {
            out += text[i];
            continue;
        }
        i += text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n' ? 1 : 0;
        out += "\r\n";
    }
    return out;
}

}  // namespace mime
