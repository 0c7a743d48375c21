// The search index's records, damaged at will: a head and the two records of a chunk, cut at line feeds.
#include "base/ascii.h"
#include "base/check.h"
#include "mail/search_block.h"
#include "mail/search_words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    if (const auto block = mail::decode_search_block(rest)) {
        CHECK(mail::decode_search_block(mail::encode(*block)).value() == *block);
    }
    const std::string_view piece = base::split_front(rest, '\n');
    const std::string_view words = rest.substr(0, rest.size() / 2);
    const std::string_view postings = rest.substr(rest.size() / 2);
    const auto visit = [](std::uint32_t document) { CHECK(document < 100); };
    static_cast<void>(mail::visit_documents(postings, mail::find_words(words, piece), 100, visit));
    mail::ChunkReader chunk(words, postings);
    while (chunk.next()) {
        static_cast<void>(mail::for_each_posting(chunk.postings(), 100, visit));
    }
    static_cast<void>(chunk.finish());
    static_cast<void>(mail::word_query(rest));
    return 0;
}
