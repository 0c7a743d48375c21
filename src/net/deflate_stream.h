// A Stream whose octets go compressed over another one (RFC 1951, RFC 4978): what is written
// is flushed, so that the peer can read all of it, and what comes is handed out as it unfolds.
//
// Idle it holds the last kHistoryOctets that went out, and of what came as much as the peer may still refer
// to, 32 KiB at most and a few hundred octets as a rule: memory for the work itself is the thread's, or
// is given back.
#pragma once

#include <string>

#include "base/deflate.h"
#include "net/stream.h"

namespace net {

class DeflateStream final : public Stream {
  public:
    // `below` outlives it; `received` came over it already, compressed.
    explicit DeflateStream(Stream& below, std::string received = {});

    // kSyntax: what came is no DEFLATE stream.
    base::Task<base::Result<std::string_view>> receive(base::SteadyTime deadline) override;
    base::Task<base::Result<>> write(std::string_view octets, base::SteadyTime deadline) override;

    [[nodiscard]] Stream& below() { return below_; }

    // The peer speaks in clear from here on (RFC 8437 4.1): waits for the flush behind its last compressed
    // words, or for the end of its stream, and gives what has come behind that.
    [[nodiscard]] base::Task<base::Result<std::string>> end(base::SteadyTime deadline);

    // TLS lies beneath the compression, whichever began first (RFC 4978 3).
    base::Task<base::Result<>> start_tls(base::SteadyTime deadline) override {
        return below_.start_tls(deadline);
    }

    [[nodiscard]] bool can_start_tls() const override { return below_.can_start_tls(); }

    [[nodiscard]] const TlsInfo* tls() const override { return below_.tls(); }

    void interrupt() override { below_.interrupt(); }

    [[nodiscard]] bool stopping() const override { return below_.stopping(); }

    void wake() override { below_.wake(); }

    base::Task<base::Result<>> shut_down_write(base::SteadyTime deadline) override {
        return below_.shut_down_write(deadline);
    }

    void close() override { below_.close(); }

    void abort() override { below_.abort(); }

    [[nodiscard]] const Endpoint& local() const override { return below_.local(); }

    [[nodiscard]] const Endpoint& peer() const override { return below_.peer(); }

    [[nodiscard]] base::Loop& loop() override { return below_.loop(); }

  private:
    [[nodiscard]] base::Result<std::string_view> inflate(std::string_view octets);
    void remember(std::string_view octets);

    Stream& below_;
    std::string input_;    // compressed, not yet looked at
    std::string history_;  // the end of what went out
    base::Inflater inflater_{base::DeflateForm::kRaw};
};

}  // namespace net
