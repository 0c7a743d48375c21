// Plays a transcript of tests/transcripts/smtp-client against the SMTP client: the file is the server, what it
// says with S: is sent, what it has behind C: must come (docs/guide/transcripts.md, "The other role").
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "fakes/fake_loop.h"
#include "net/pipe.h"
#include "smtp/client/client.h"
#include "transcripts/transcript.h"

namespace transcripts {

struct ClientPlayOptions {
    std::size_t receive_octets_max = std::size_t{16} * 1024;
    // The server hangs up behind so many of its lines.
    std::optional<std::size_t> cut_after = {};
};

class ClientPlayer {
  public:
    ClientPlayer(const Transcript& transcript, ClientPlayOptions options);
    ClientPlayer(const ClientPlayer&) = delete;
    ClientPlayer& operator=(const ClientPlayer&) = delete;
    ~ClientPlayer();

    // Nothing, or what went wrong, with the dialogue so far.
    [[nodiscard]] std::optional<std::string> play();

  private:
    void prepare(std::string_view clause);
    void prepare_option(std::string_view key, std::string_view value);
    void start();
    [[nodiscard]] base::Task<> converse();
    void perform(const Step& step);
    void expect(const Step& step);
    void check_cut();
    void check(const Step& step);
    [[nodiscard]] bool holds(std::string_view clause) const;
    [[nodiscard]] bool holds_for(std::string_view address, std::string_view rest) const;
    void fault(const Step& step, const std::string& text);

    const Transcript& transcript_;
    ClientPlayOptions options_;
    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    base::SeededRandom random_{1};
    net::PipeOptions pipe_;
    std::unique_ptr<net::PipeStream> server_;
    std::unique_ptr<net::PipeStream> stream_;
    std::unique_ptr<smtp::Client> client_;
    smtp::ClientOptions client_options_;
    smtp::Envelope envelope_;
    std::vector<std::string> messages_;
    std::optional<smtp::Verdict> not_open_;
    std::vector<smtp::DeliveryReport> reports_;  // of each message
    bool ended_ = false;
    std::string received_;
    std::string dialogue_;
    std::size_t server_lines_ = 0;
    std::optional<std::string> fault_;
};

}  // namespace transcripts
