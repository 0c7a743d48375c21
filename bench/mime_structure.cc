// How fast messages become structures and values, and bodies what they encode, in MB/s; with the
// memory's own speed beside it. bench/mime.py runs it beside GMime and Python's email over the same corpus.
//
//     mime_structure generate DIR       writes the corpus, always the same: messages DIR/KIND/NUMBER.eml,
//                                       encoded bodies DIR/base64 and DIR/quoted-printable, header blocks
//                                       DIR/header
//     mime_structure run DIR [SECONDS]  a line a task: TASK <tab> MB/s, the best round
#include <fmt/core.h>

#include <cstring>

#include "base/ascii.h"
#include "base/random.h"
#include "mime/builder.h"
#include "mime/date.h"
#include "mime/envelope.h"
#include "mime/parser.h"
#include "mime/thread.h"
#include "mime_corpus.h"

namespace {

using bench::best_rate;
using bench::Corpus;

// Lines of words; `umlauts` in some of them, so that the text needs quoted-printable.
std::string words(base::Random& random, std::size_t octets, bool umlauts = false) {
    std::string text;
    for (std::size_t column = 0; text.size() < octets;) {
        std::string word = random.token(2 + random.below(8));
        if (umlauts && random.below(8) == 0) {
            word += "ü";
        }
        column += word.size() + 1;
        text += word + (column > 65 ? "\r\n" : " ");
        column = column > 65 ? 0 : column;
    }
    return text;
}

// The trace and authentication fields that a delivered message bears.
std::string trace(base::Random& random) {
    std::string header;
    for (int hop = 0; hop < 4; ++hop) {
        header += "Received: from " + random.token(8) + ".crepes.example (" + random.token(8) +
                  ".crepes.example [192.0.2." + std::to_string(random.below(255)) +
                  "])\r\n\tby mx.hamburger.example with ESMTPS id " + random.token(12) +
                  "\r\n\tfor <bob@hamburger.example>; Sat, 21 Nov 2026 10:00:00 +0000\r\n";
    }
    header +=
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=crepes.example; s=mail;\r\n"
        "\th=from:to:subject:date:message-id; bh=" +
        random.token(43) + "=;\r\n";
    for (int line = 0; line < 5; ++line) {
        header += (line == 0 ? "\tb=" : "\t ") + random.token(64) + "\r\n";
    }
    return header;
}

mime::Draft draft(base::Random& random) {
    mime::Draft draft;
    draft.date = base::WallTime{std::chrono::seconds{1'795'255'200}};
    draft.from = {mime::Mailbox{"Alice Crêpe", "alice", "crepes.example"}};
    for (int i = 0; i < 5; ++i) {
        draft.to.emplace_back(mime::Mailbox{random.token(9), random.token(6), "hamburger.example"});
    }
    draft.subject = "Plans für " + random.token(12);
    draft.message_id = mime::make_message_id(random, "crepes.example");
    draft.references = {random.token(20) + "@x.example", random.token(20) + "@y.example"};
    draft.text = words(random, 2000);
    return draft;
}

std::string octets(base::Random& random, std::size_t count) {
    std::string text(count, '\0');
    random.fill({reinterpret_cast<unsigned char*>(text.data()), text.size()});
    return text;
}

mime::Attachment file(std::string name, std::string content) {
    return {.name = std::move(name),
            .type = "application/octet-stream",
            .content = std::move(content),
            .id = {},
            .description = {}};
}

std::string message(base::Random& random, const mime::Draft& draft) {
    return trace(random) + mime::build_message(draft, random).value();
}

Corpus generate() {
    base::SeededRandom random(2026);
    Corpus corpus;
    for (int i = 0; i < 400; ++i) {
        corpus["plain"].push_back(message(random, draft(random)));
        mime::Draft both = draft(random);
        both.html = "<html><body><p>" + words(random, 8000, true) + "</p></body></html>";
        corpus["alternative"].push_back(message(random, both));
    }
    for (int i = 0; i < 24; ++i) {
        mime::Draft large = draft(random);
        large.attachments = {file("small.bin", octets(random, 64 << 10)),
                             file("large.bin", octets(random, (1 << 20) - 1000 * i))};
        corpus["attachments"].push_back(message(random, large));
        mime::Draft many = draft(random);
        for (int part = 0; part < 200; ++part) {
            many.attachments.push_back(file("part" + std::to_string(part), octets(random, 200)));
        }
        corpus["many-parts"].push_back(message(random, many));
    }
    return corpus;
}

// The header blocks and the encoded bodies of all messages, each kind with its own name.
void add_pieces(Corpus& corpus) {
    Corpus pieces;
    for (const auto& [kind, messages] : corpus) {
        for (const std::string& message : messages) {
            const mime::Structure structure = mime::parse(message);
            pieces["header"].emplace_back(mime::header_of(message, structure.root()));
            for (const mime::Part& part : structure.parts) {
                if (part.encoding != mime::Encoding::k7bit) {
                    pieces[std::string(mime::encoding_name(part.encoding))].emplace_back(
                        mime::body_of(message, part));
                }
            }
        }
    }
    corpus.merge(pieces);
}

void write(const Corpus& corpus, const std::filesystem::path& folder) {
    for (const auto& [kind, messages] : corpus) {
        std::filesystem::create_directories(folder / kind);
        for (std::size_t i = 0; i < messages.size(); ++i) {
            std::ofstream(folder / kind / fmt::format("{:04}.eml", i), std::ios::binary)
                << messages[i];
        }
    }
}

void report(std::string_view task, double rate) {
    fmt::print("{}\t{:.0f}\n", task, rate);
}

void run_structure(const Corpus& corpus, double seconds) {
    std::size_t parts = 0;
    for (const char* kind : {"plain", "alternative", "attachments", "many-parts"}) {
        report(kind, best_rate(corpus.at(kind), seconds, [&parts](const std::string& message) {
                   parts += mime::parse(message).parts.size();
               }));
    }
    fmt::print(stderr, "{} parts\n", parts);  // keeps the work from being optimised away
}

// A header block to what a reader shows of it: subject, addresses, date, identifiers.
void run_header(const Corpus& corpus, double seconds) {
    std::size_t values = 0;
    report("header", best_rate(corpus.at("header"), seconds, [&values](const std::string& header) {
               const mime::Structure structure = mime::parse(header);
               const mime::Envelope envelope = mime::parse_envelope(structure.root().envelope);
               values += envelope.to.size() + envelope.subject.size() +
                         mime::parse_date(envelope.date).has_value() +
                         mime::thread_keys(structure.root().envelope).references.size();
           }));
    fmt::print(stderr, "{} values\n", values);
}

// Rates are of encoded octets one way and of decoded ones the other: of what is read.
void run_coding(const Corpus& corpus, mime::Encoding encoding, double seconds) {
    const std::string name(mime::encoding_name(encoding));
    std::vector<std::string> contents;
    for (const std::string& body : corpus.at(name)) {
        contents.push_back(mime::decode(encoding, body));
    }
    std::string out;
    report(name + " decode", best_rate(corpus.at(name), seconds, [&](const std::string& body) {
               out.clear();
               mime::TransferDecoder decoder(encoding);
               decoder.feed(body, out);
               decoder.finish(out);
           }));
    report(name + " encode", best_rate(contents, seconds, [&](const std::string& content) {
               out.clear();
               mime::TransferEncoder encoder(encoding);
               encoder.feed(content, out);
               encoder.finish(out);
           }));
}

// What the memory gives: a copy of the messages with attachments, and a search for each of their line ends.
void run_memory(const Corpus& corpus, double seconds) {
    const std::vector<std::string>& messages = corpus.at("attachments");
    std::string copy(4 << 20, '\0');
    report("memcpy", best_rate(messages, seconds, [&copy](const std::string& message) {
               std::memcpy(copy.data(), message.data(), message.size());
           }));
    std::size_t lines = 0;
    report("memchr", best_rate(messages, seconds, [&lines](const std::string& message) {
               const char* const end = message.data() + message.size();
               for (const char* at = message.data(); at != end; ++lines) {
                   const void* const lf = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
                   at = lf == nullptr ? end : static_cast<const char*>(lf) + 1;
               }
           }));
    fmt::print(stderr, "{} lines, {} copied\n", lines, copy.size());
}

void run(const Corpus& corpus, double seconds) {
    run_structure(corpus, seconds);
    run_header(corpus, seconds);
    run_coding(corpus, mime::Encoding::kBase64, seconds);
    run_coding(corpus, mime::Encoding::kQuotedPrintable, seconds);
    run_memory(corpus, seconds);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc > 2 ? argv[1] : "";
    if (command == "generate") {
        Corpus corpus = generate();
        add_pieces(corpus);
        write(corpus, argv[2]);
        return 0;
    }
    if (command == "run") {
        run(bench::read_corpus(argv[2]),
            static_cast<double>(base::parse_u64(argc > 3 ? argv[3] : "1").value_or(1)));
        return 0;
    }
    fmt::print(stderr, "usage: mime_structure generate|run DIR [SECONDS]\n");
    return 64;
}
