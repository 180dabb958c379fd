#include "storage/postgres/connection/listener.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace togglecast::storage::postgres {
namespace {

constexpr const char* kPooled =
    "the connection goes through a pooler, which keeps notifications to itself; name a direct one with "
    "--store-listen, or write --store-listen off";

}  // namespace

Listener::Listener(ListenerOptions options)
    : options_(std::move(options)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Listener::~Listener() {
  stop();
  if (wake_ >= 0) ::close(wake_);
}

void Listener::start() {
  thread_ = std::thread([this] { run(); });
}

void Listener::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  std::ignore = ::write(wake_, &one, sizeof one);
  thread_.join();
}

void Listener::run() {
  Backoff backoff;
  for (;;) {
    const auto stopped = listen_once();
    if (stopped && *stopped) return;
    const bool pooled = stopped.has_value();
    const std::string reason = pooled ? kPooled : stopped.error().message;
    if (listening_.exchange(false)) backoff.worked();
    tell(pooled ? State::pooled : State::away, reason);
    if (!pooled) backoff.failed(Backoff::Steady::now());
    if (pause(pooled ? options_.retry : backoff.drawn())) return;
  }
}

Result<bool> Listener::listen_once() {
  auto connection = Connection::open(options_.target);
  if (!connection) return tl::unexpected(connection.error());
  const auto pooled = connection->is_pooled();
  if (!pooled) return tl::unexpected(pooled.error());
  if (*pooled) return false;
  if (auto listens = connection->execute("LISTEN togglecast", options_.target.statement); !listens)
    return tl::unexpected(listens.error());
  listening_ = true;
  tell(State::listening, {});
  options_.on_notice();
  for (;;) {
    bool others = false;
    const auto heard = connection->wait_for_notice(wake_, [&](std::string_view payload) {
      others = others || payload.empty() || payload != options_.own;
    });
    if (!heard) return tl::unexpected(heard.error());
    if (!*heard) return true;
    if (others) options_.on_notice();
  }
}

bool Listener::pause(Milliseconds time) const {
  pollfd one{wake_, POLLIN, 0};
  const auto until = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    const int ready = ::poll(&one, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;
  }
}

void Listener::tell(State state, const std::string& reason) {
  if (told_ == state) return;  // however many tries fail, each in its own words
  told_ = state;
  if (options_.on_state) options_.on_state(state == State::listening, reason);
}

}  // namespace togglecast::storage::postgres
