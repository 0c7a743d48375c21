#include "app/message_copy.h"

#include <algorithm>
#include <span>
#include <utility>

#include "smtp/server/header_section.h"

namespace app {
namespace {

using base::Result;

constexpr std::size_t kHeaderOctetsMax = std::size_t{1} << 20U;
constexpr std::size_t kPieceOctets = std::size_t{64} * 1024;

}  // namespace

base::Task<Result<std::string>> read_header(base::Loop& loop,
                                            std::shared_ptr<store::BlobReader> message) {
    std::string header;
    std::size_t from = 0;
    while (header.size() < message->size()) {
        if (header.size() >= kHeaderOctetsMax) {
            co_return base::fail(base::Errc::kTooLong, "the header section is too large");
        }
        const std::size_t filled = header.size();
        header.resize(std::min<std::uint64_t>(message->size(), filled + kPieceOctets));
        CO_TRY(const std::size_t got,
               co_await message->read(
                   loop, filled, std::span(header.data() + filled, header.size() - filled)));
        header.resize(filled + got);
        if (const auto end = smtp::find_header_end(header, from)) {
            header.resize(*end);
            break;
        }
        if (got == 0) {
            break;
        }
    }
    co_return header;
}

base::Task<Result<MessageCopy>> copy_message(store::Store& store,
                                             base::Loop& loop,
                                             std::shared_ptr<store::BlobReader> message,
                                             std::string header,
                                             std::uint64_t body_offset) {
    const auto writer = store.new_blob();
    mail::Summarizer summarizer;
    std::string piece = std::move(header);
    bool more = true;
    while (more) {
        summarizer.feed(piece);
        CO_TRY_VOID(co_await writer->append(loop, piece));
        const std::uint64_t left = message->size() - std::min(body_offset, message->size());
        piece.resize(std::min<std::uint64_t>(left, kPieceOctets));
        CO_TRY(const std::size_t got, co_await message->read(loop, body_offset, std::span(piece)));
        piece.resize(got);
        body_offset += got;
        more = got != 0;
    }
    CO_TRY(auto blob, writer->finish());
    co_return MessageCopy{std::move(blob), summarizer.finish()};
}

}  // namespace app
