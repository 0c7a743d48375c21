// The changes of one group, laid over what is committed: reads see through it, writes stay in it, and
// a change that fails is rolled back out of it. Both engines make their transactions of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/blob_record.h"
#include "store/store.h"

namespace store {

// `last` of a scan by the rooms above: never into the store's own keys.
[[nodiscard]] std::string_view clamp_to_rooms(std::string_view last);

// The record of a blob; nothing when no record refers to it. `space` shows the store's own keys too, as
// what lies below an overlay does.
[[nodiscard]] base::Result<std::optional<BlobRecord>> find_blob(const KeySpace& space,
                                                                const BlobId& id);

// Sorted; nothing for a key that is erased.
using WriteSet = std::map<std::string, std::optional<std::string>, std::less<>>;

// Writes over a key space, with a way back to the last mark.
class Overlay final : public KeySpace {
  public:
    // `below` must outlive the overlay and not change meanwhile.
    explicit Overlay(const KeySpace& below) : below_(below) {}

    [[nodiscard]] base::Result<std::optional<std::string>> get(std::string_view key) const override;
    // The visitor may write. Each record is shown once, as it stands by then; one that the visitor adds
    // may be shown or not.
    [[nodiscard]] base::Result<> scan(std::string_view first,
                                      std::string_view last,
                                      const Visitor& visit) const override;
    [[nodiscard]] base::Result<> scan_back(std::string_view first,
                                           std::string_view last,
                                           const Visitor& visit) const override;
    void write(std::string_view key, std::optional<std::string> value);

    // Everything written up to here stays, whatever rolls back later.
    void mark() { undo_.clear(); }

    void roll_back();

    [[nodiscard]] const WriteSet& writes() const { return writes_; }

    // All that was ever written, rolled back or not: what bounds a group's memory.
    [[nodiscard]] std::uint64_t octets_written() const { return octets_written_; }

  private:
    const KeySpace& below_;
    WriteSet writes_;
    std::uint64_t octets_written_ = 0;
    // What stood in an entry before each write since the mark; the outer nothing is "no entry".
    std::vector<std::pair<WriteSet::iterator, std::optional<std::optional<std::string>>>> undo_;
};

// The transaction that changes are handed: an overlay and the arithmetic of references.
class OverlayTransaction : public Transaction {
  public:
    explicit OverlayTransaction(const KeySpace& below) : overlay_(below) {}

    [[nodiscard]] base::Result<std::optional<std::string>> get(std::string_view key) const override;
    [[nodiscard]] base::Result<> scan(std::string_view first,
                                      std::string_view last,
                                      const Visitor& visit) const override;
    [[nodiscard]] base::Result<> scan_back(std::string_view first,
                                           std::string_view last,
                                           const Visitor& visit) const override;
    void put(std::string_view key, std::string_view value) override;
    void erase(std::string_view key) override;
    [[nodiscard]] base::Result<std::string> refer(const NewBlob& blob) override;
    [[nodiscard]] base::Result<std::string> refer(const BlobId& id) override;
    [[nodiscard]] base::Result<> release(const BlobId& id) override;

    // Runs `change`; nothing of it is left when it fails. One that throws (a CHECK of a room above)
    // fails with kIo, one that writes more than kChangeOctetsMax with kTooLong.
    [[nodiscard]] base::Result<> run(const Change& change);

    [[nodiscard]] const WriteSet& writes() const { return overlay_.writes(); }

    [[nodiscard]] std::uint64_t octets_written() const { return overlay_.octets_written(); }

  protected:
    // The octets of a blob that becomes part of the store: puts them where they stay.
    [[nodiscard]] virtual base::Result<std::vector<Extent>> place(const NewBlob& blob) = 0;

    // What refer() tells of the place of a blob.
    [[nodiscard]] virtual std::string describe_place(const std::vector<Extent>& /*extents*/) const {
        return {};
    }

    // The engine's own marks, beside the overlay's.
    virtual void on_mark() {}

    virtual void on_roll_back() {}

    // The extents came to live, or are garbage from now on.
    virtual void on_extents(const std::vector<Extent>& /*extents*/, bool /*live*/) {}

    [[nodiscard]] Overlay& overlay() { return overlay_; }

    [[nodiscard]] const Overlay& overlay() const { return overlay_; }

  private:
    void write(std::string_view key, std::optional<std::string_view> value);

    Overlay overlay_;
    std::uint64_t change_begin_ = 0;  // the overlay's octets when the change began
};

}  // namespace store
