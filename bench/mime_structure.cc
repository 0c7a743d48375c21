// How fast messages become structures, in MB/s. bench/mime.py runs it beside GMime and Python's email
// over the same corpus.
//
//     mime_structure generate DIR       writes the corpus: DIR/KIND/NUMBER.eml, always the same
//     mime_structure run DIR [SECONDS]  a line a kind: KIND <tab> MB/s, the best round
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/random.h"
#include "mime/builder.h"
#include "mime/envelope.h"
#include "mime/parser.h"

namespace {

using Corpus = std::map<std::string, std::vector<std::string>>;

std::string words(base::Random& random, std::size_t octets) {
    std::string text;
    for (std::size_t column = 0; text.size() < octets;) {
        const std::string word = random.token(2 + random.below(8));
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
        both.html = "<html><body><p>" + words(random, 8000) + "</p></body></html>";
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

void write(const Corpus& corpus, const std::filesystem::path& folder) {
    for (const auto& [kind, messages] : corpus) {
        std::filesystem::create_directories(folder / kind);
        for (std::size_t i = 0; i < messages.size(); ++i) {
            std::ofstream(folder / kind / fmt::format("{:04}.eml", i), std::ios::binary)
                << messages[i];
        }
    }
}

Corpus read(const std::filesystem::path& folder) {
    Corpus corpus;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".eml") {
            std::ifstream in(entry.path(), std::ios::binary);
            corpus[entry.path().parent_path().filename()].emplace_back(
                std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        }
    }
    return corpus;
}

// MB/s of the best pass over all messages within `seconds`.
template <class Function>
double best_rate(const std::vector<std::string>& messages, double seconds, Function function) {
    using Clock = std::chrono::steady_clock;
    std::size_t total = 0;
    for (const std::string& message : messages) {
        total += message.size();
    }
    double best = 0;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < end) {
        const auto begin = Clock::now();
        for (const std::string& message : messages) {
            function(message);
        }
        const std::chrono::duration<double> took = Clock::now() - begin;
        best = std::max(best, static_cast<double>(total) / took.count() / 1e6);
    }
    return best;
}

void run(const Corpus& corpus, double seconds) {
    std::size_t parts = 0;
    for (const auto& [kind, messages] : corpus) {
        const double rate = best_rate(messages, seconds, [&parts](const std::string& message) {
            parts += mime::parse(message).parts.size();
        });
        fmt::print("{}\t{:.0f}\n", kind, rate);
    }
    std::vector<std::string> headers;
    for (const std::string& message : corpus.at("plain")) {
        headers.push_back(message.substr(0, message.find("\r\n\r\n") + 4));
    }
    const double rate = best_rate(headers, seconds, [&parts](const std::string& header) {
        parts += mime::parse_envelope(header).to.size();
    });
    fmt::print("envelope\t{:.0f}\n", rate);
    fmt::print(stderr, "{} parts\n", parts);  // keeps the work from being optimised away
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc > 2 ? argv[1] : "";
    if (command == "generate") {
        write(generate(), argv[2]);
        return 0;
    }
    if (command == "run") {
        run(read(argv[2]),
            static_cast<double>(base::parse_u64(argc > 3 ? argv[3] : "1").value_or(1)));
        return 0;
    }
    fmt::print(stderr, "usage: mime_structure generate|run DIR [SECONDS]\n");
    return 64;
}
