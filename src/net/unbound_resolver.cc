#include "net/unbound_resolver.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unbound.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <list>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "net/dns_data.h"
#include "net/unique_fd.h"

namespace net {

using base::Errc;
using base::fail;

namespace {

// IANA's numbers.
constexpr int kClassIn = 1;
constexpr int kServerFailure = 2;
constexpr int kRefused = 5;

int type_number(RecordType type) {
    switch (type) {
        case RecordType::kA:
            return 1;
        case RecordType::kCname:
            return 5;
        case RecordType::kPtr:
            return 12;
        case RecordType::kMx:
            return 15;
        case RecordType::kTxt:
            return 16;
        case RecordType::kAaaa:
            return 28;
        case RecordType::kTlsa:
            return 52;
    }
    return 0;
}

struct DeleteContext {
    void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};

using ContextPtr = std::unique_ptr<ub_ctx, DeleteContext>;

std::string rcode_text(int rcode) {
    switch (rcode) {
        case kServerFailure:
            return "SERVFAIL: no name server gave an answer";
        case kRefused:
            return "REFUSED: the name server does not answer us";
        default:
            return fmt::format("the name server answered with code {}", rcode);
    }
}

void take_records(const ub_result& result, RecordType type, Answer& answer) {
    for (std::size_t i = 0; result.data[i] != nullptr; ++i) {
        const std::string_view octets(result.data[i], static_cast<std::size_t>(result.len[i]));
        if (!add_record(type, octets, answer)) {
            answer.why = "a record is malformed";
        }
    }
    const bool any = !answer.records.empty() || !answer.mx.empty();
    answer.status = any ? Answer::kFound : Answer::kFailed;
}

// Some names in the DNS are no host's ("0/25.2.0.192.in-addr.arpa", RFC 2317): they stay as libunbound
// writes them.
std::string to_canonical(std::string_view name) {
    if (name.size() > 1 && name.ends_with('.')) {
        name.remove_suffix(1);
    }
    return to_question(name).value_or(std::string(name));
}

Answer to_answer(const ub_result& result, RecordType type) {
    Answer answer{
        .secure = result.secure != 0,
        .ttl = std::chrono::seconds(result.ttl),
        .canonical = to_canonical(result.canonname == nullptr ? result.qname : result.canonname)};
    if (result.bogus != 0) {
        answer.why = result.why_bogus == nullptr ? "DNSSEC validation failed" : result.why_bogus;
    } else if (result.nxdomain != 0) {
        answer.status = Answer::kNoDomain;
        answer.why = fmt::format("{} does not exist", result.qname);
    } else if (result.rcode != 0) {
        answer.why = rcode_text(result.rcode);
    } else if (result.havedata == 0) {
        answer.status = Answer::kNoData;
        answer.why = fmt::format("{} has no {} record", result.qname, record_type_name(type));
    } else {
        take_records(result, type, answer);
    }
    return answer;
}

Answer failure(Answer::Status status, std::string why) {
    return {.status = status, .why = std::move(why)};
}

class UnboundResolver final : public Resolver {
  public:
    UnboundResolver(ContextPtr context, const ResolverOptions& options)
        : patience_(options.patience),
          questions_max_(options.questions_max),
          context_(std::move(context)),
          stop_(::eventfd(0, EFD_CLOEXEC)) {
        CHECK(stop_);
    }

    UnboundResolver(const UnboundResolver&) = delete;
    UnboundResolver& operator=(const UnboundResolver&) = delete;

    ~UnboundResolver() override {
        if (thread_.joinable()) {
            const std::uint64_t one = 1;
            static_cast<void>(!::write(stop_.get(), &one, sizeof one));
            thread_.join();
        }
        context_.reset();  // ends libunbound's thread; nothing is called any more
    }

    base::Task<Answer> lookup(base::Loop& loop, std::string name, RecordType type) override;

  private:
    // A question that libunbound has; it points here until it calls back.
    struct Question {
        UnboundResolver& owner;
        RecordType type;
        std::function<void(Answer)> giver;
        std::list<Question>::iterator self;
    };

    class Patience;

    // UB_NOERROR when `giver` was or will be called.
    [[nodiscard]] int ask(const std::string& name,
                          RecordType type,
                          std::function<void(Answer)> giver);
    static void on_answer(void* asked, int error, ub_result* result);
    void run();

    const base::Duration patience_;
    const std::size_t questions_max_;
    ContextPtr context_;
    UniqueFd stop_;
    std::mutex mutex_;
    std::list<Question> questions_;  // guarded by mutex_
    std::thread thread_;             // started under mutex_
};

// The deadline of one question: whoever comes first, it or the answer, gives the value.
class UnboundResolver::Patience {
  public:
    Patience(base::Loop& loop, base::Duration span, std::function<void(Answer)> giver)
        : loop_(loop),
          timer_(loop.call_at(loop.clock().steady() + span, [this, giver = std::move(giver)] {
              timer_ = 0;
              giver(failure(Answer::kTimeout, "no name server answered in time"));
          })) {}

    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;

    ~Patience() {
        if (timer_ != 0) {
            loop_.cancel(timer_);
        }
    }

  private:
    base::Loop& loop_;
    base::Loop::TimerId timer_;
};

base::Task<Answer> UnboundResolver::lookup(base::Loop& loop, std::string name, RecordType type) {
    const auto question = to_question(name);
    if (!question) {
        co_return failure(Answer::kNoDomain, fmt::format("\"{}\" is no name of a host", name));
    }
    base::Handover<Answer> handover(loop);
    if (const int error = ask(*question, type, handover.giver()); error != UB_NOERROR) {
        co_return failure(Answer::kFailed, ub_strerror(error));
    }
    const Patience patience(loop, patience_, handover.giver());
    co_return co_await handover;
}

int UnboundResolver::ask(const std::string& name,
                         RecordType type,
                         std::function<void(Answer)> giver) {
    const std::scoped_lock lock(mutex_);
    if (questions_.size() >= questions_max_) {
        giver(failure(Answer::kFailed, "too many questions wait for an answer"));
        return UB_NOERROR;
    }
    if (!thread_.joinable()) {
        thread_ = std::thread([this] { run(); });
    }
    questions_.push_front({.owner = *this, .type = type, .giver = std::move(giver), .self = {}});
    Question& question = questions_.front();
    question.self = questions_.begin();
    const int error = ub_resolve_async(context_.get(),
                                       name.c_str(),
                                       type_number(type),
                                       kClassIn,
                                       &question,
                                       &UnboundResolver::on_answer,
                                       nullptr);
    if (error != UB_NOERROR) {
        questions_.pop_front();
    }
    return error;
}

// On thread_, below ub_process(). The question is over before anybody is told: who asks again at once must
// find its place free.
void UnboundResolver::on_answer(void* asked, int error, ub_result* result) {
    const Question question = [asked] {
        auto& waiting = *static_cast<Question*>(asked);
        UnboundResolver& owner = waiting.owner;
        const std::scoped_lock lock(owner.mutex_);
        Question taken = std::move(waiting);
        owner.questions_.erase(taken.self);
        return taken;
    }();
    question.giver(error == UB_NOERROR && result != nullptr
                       ? to_answer(*result, question.type)
                       : failure(Answer::kFailed, ub_strerror(error)));
    ub_resolve_free(result);
}

void UnboundResolver::run() {
    std::array<pollfd, 2> fds{{{.fd = ub_fd(context_.get()), .events = POLLIN, .revents = 0},
                               {.fd = stop_.get(), .events = POLLIN, .revents = 0}}};
    while ((fds[1].revents & POLLIN) == 0) {
        if (::poll(fds.data(), fds.size(), -1) > 0 && fds[0].revents != 0) {
            ub_process(context_.get());
        }
    }
}

// "192.0.2.53@5353", as libunbound writes it.
std::string forward_text(const Endpoint& server) {
    return fmt::format("{}@{}", server.address, server.port == 0 ? 53 : server.port);
}

base::Result<> set_servers(ub_ctx* context, const ResolverOptions& options) {
    for (const Endpoint& server : options.servers) {
        if (ub_ctx_set_fwd(context, forward_text(server).c_str()) != UB_NOERROR) {
            return fail(Errc::kInvalid,
                        fmt::format("{} is no address of a name server; write 192.0.2.53:53",
                                    server.to_string()));
        }
    }
    if (options.servers.empty() && std::filesystem::exists(options.resolv_conf) &&
        ub_ctx_resolvconf(context, options.resolv_conf.c_str()) != UB_NOERROR) {
        return fail(Errc::kInvalid,
                    fmt::format("{} cannot be used; correct it or name servers in [dns]",
                                options.resolv_conf));
    }
    return {};
}

base::Result<> set_trust(ub_ctx* context, const std::string& path) {
    if (path.empty()) {
        return {};
    }
    std::error_code unreadable;
    if (!std::filesystem::exists(path, unreadable)) {
        return fail(Errc::kNotFound,
                    fmt::format("the trust anchor {} is not there; install dns-root-data or "
                                "correct the path",
                                path));
    }
    if (ub_ctx_add_ta_file(context, path.c_str()) != UB_NOERROR) {
        return fail(Errc::kInvalid, fmt::format("the trust anchor {} cannot be used", path));
    }
    return {};
}

base::Result<> set_options(ub_ctx* context, const ResolverOptions& options) {
    const std::string share = std::to_string(options.cache_octets_max / 4);
    const std::string questions = std::to_string(options.questions_max);
    const std::pair<const char*, std::string> rows[] = {
        {"use-syslog:", "no"},
        {"verbosity:", "0"},
        {"do-not-query-localhost:", "no"},  // a resolver on this very host is the best there is
        // Names inside an organisation are for its own servers to answer.
        {"unblock-lan-zones:", "yes"},
        {"insecure-lan-zones:", "yes"},
        {"rrset-cache-size:", std::to_string(options.cache_octets_max / 2)},
        {"msg-cache-size:", share},
        {"key-cache-size:", share},
        {"num-queries-per-thread:", questions},
    };
    for (const auto& [name, value] : rows) {
        if (ub_ctx_set_option(context, name, value.c_str()) != UB_NOERROR) {
            return fail(Errc::kInvalid, fmt::format("libunbound refuses {} {}", name, value));
        }
    }
    return {};
}

}  // namespace

base::Result<std::unique_ptr<Resolver>> make_resolver(const ResolverOptions& options) {
    ContextPtr context(ub_ctx_create());
    if (!context) {
        return fail(Errc::kUnavailable, "libunbound cannot start: no memory or no random numbers");
    }
    ub_ctx_debugout(context.get(), nullptr);
    TRY_VOID(set_options(context.get(), options));
    TRY_VOID(set_servers(context.get(), options));
    TRY_VOID(set_trust(context.get(), options.trust_anchor));
    ub_ctx_async(context.get(), 1);
    return std::make_unique<UnboundResolver>(std::move(context), options);
}

}  // namespace net
