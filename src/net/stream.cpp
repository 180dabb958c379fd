#include "net/stream.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>

namespace togglecast::net {
namespace {

const StreamLimits kDefaultLimits{};
constexpr Milliseconds kLingerAfterFin{1'000};
constexpr std::size_t kPieceCost = 64;  // of memory, roughly, beyond the bytes of a queued block
constexpr int kReadsPerTurn = 4;  // of a full scratch buffer each, before others have their turn

}  // namespace

// What waits for the kernel, and the deadline for its progress. Also carries a closing stream through its
// last moment.
struct Stream::Backlog final : TimerNode {
  explicit Backlog(Stream& owner) : stream(owner) {}
  ~Backlog() override = default;
  void on_timer(TimePoint) override {
    const StreamPtr keep(&stream);
    if (stream.closing_) {
      stream.close_socket();
    } else {
      stream.end(StreamEnd::write_stalled);
    }
  }

  struct Piece {
    SharedBytes block;
    std::size_t offset;
  };
  /// What is held against the limit: bytes, and what it costs to keep each block.
  [[nodiscard]] std::size_t weight() const noexcept { return bytes + pieces.size() * kPieceCost; }

  Stream& stream;
  std::deque<Piece> pieces;
  std::size_t bytes = 0;
};

StreamPtr Stream::adopt(Shard& shard, int descriptor) {
  StreamPtr stream(new Stream(shard, descriptor));
  stream->watched_ = shard.watch(*stream, stream->outlet_, descriptor);
  return stream->watched_ ? stream : nullptr;
}

Stream::Stream(Shard& shard, int descriptor)
    : shard_(shard),
      limits_(&kDefaultLimits),
      descriptor_(descriptor),
      outlet_(shard.outlets().add(*this, descriptor)) {
  ShardCounters::add(shard_.own_counters().open_streams, 1);
}

Stream::~Stream() {
  close_socket();
  shard_.outlets().remove(outlet_);
  auto& open = shard_.own_counters().open_streams;
  open.store(open.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

void Stream::start_reading() {
  if (closed_ || closing_) return;
  reading_ = true;
  if (readable_) shard_.resume(outlet_);
}

void Stream::on_ready(std::uint32_t events) {
  const StreamPtr keep(this);
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && backlog_bytes() != 0) write_backlog();
  if (readable_ && (reading_ || closing_)) read_available();
}

void Stream::read_available() {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    if (closed_ || (!reading_ && !closing_)) return;
    const ssize_t count = ::recv(descriptor_, shard_.scratch(), Shard::kScratchBytes, MSG_DONTWAIT);
    if (count > 0) {
      ShardCounters::add(shard_.own_counters().bytes_in, static_cast<std::uint64_t>(count));
      const bool all = static_cast<std::size_t>(count) < Shard::kScratchBytes && !hung_up_;
      if (all) readable_ = false;  // what comes from now on is told anew
      if (handler_ != nullptr && !closing_) {
        const bool understood =
            shard_.attempt([&] { handler_->on_data(shard_.scratch(), static_cast<std::size_t>(count)); });
        if (!understood) {  // how much of it was used nobody knows
          end(StreamEnd::error);
          return;
        }
      }
      if (all) return;
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      readable_ = false;
      return;
    }
    if (closing_) {
      close_socket();
      return;
    }
    reading_ = false;
    end(count == 0 ? StreamEnd::peer_closed : StreamEnd::error);
    return;
  }
  if (!closed_) shard_.resume(outlet_);
}

void Stream::guide(bool guided) noexcept {
  shard_.outlets()[outlet_].state = guided ? Outlet::State::guided : Outlet::State::direct;
}

void Stream::send(const SharedBytes& block) {
  if (closed_ || closing_ || block.empty()) return;
  if (backlog_bytes() != 0) {
    queue(block, 0);
  } else {
    shard_.collect(outlet_, block);
  }
}

void Stream::flush() { flush(0); }

void Stream::flush(std::size_t taken) {
  Outlet& outlet = shard_.outlets()[outlet_];
  if (outlet.pending == nullptr) return;
  const SharedBytes bytes = SendChains::join(*std::exchange(outlet.pending, nullptr));
  if (closed_) return;
  const std::ptrdiff_t more = write_some(bytes.view().substr(taken));
  if (more >= 0 && taken + static_cast<std::size_t>(more) < bytes.size())
    queue(bytes, taken + static_cast<std::size_t>(more));
  if (closing_ && !closed_ && backlog_bytes() == 0) shut_down();
}

std::ptrdiff_t Stream::write_some(std::string_view bytes) {
  auto& counters = shard_.own_counters();
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const ssize_t count =
        ::send(descriptor_, bytes.data() + taken, bytes.size() - taken, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      ShardCounters::add(counters.writes, 1);
      ShardCounters::add(counters.bytes_out, static_cast<std::uint64_t>(count));
      taken += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      ShardCounters::add(counters.blocked_writes, 1);
      break;
    }
    end_later(StreamEnd::error);
    return -1;
  }
  return static_cast<std::ptrdiff_t>(taken);
}

void Stream::queue(const SharedBytes& block, std::size_t offset) {
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  const std::size_t size = block.size() - offset;
  if (backlog_->bytes != 0 && backlog_->weight() + size > limits_->backlog_bytes) {
    ShardCounters::add(shard_.own_counters().overflowed_streams, 1);
    end_later(StreamEnd::overflow);
    return;
  }
  if (backlog_->bytes == 0) shard_.arm(*backlog_, limits_->stall);
  backlog_->pieces.push_back({block, offset});
  backlog_->bytes += size;
  guide(true);
}

void Stream::write_backlog() {
  while (!backlog_->pieces.empty()) {
    auto& piece = backlog_->pieces.front();
    const std::string_view rest = piece.block.view().substr(piece.offset);
    const std::ptrdiff_t taken = write_some(rest);
    if (taken < 0) return;
    if (taken > 0) shard_.arm(*backlog_, limits_->stall);
    backlog_->bytes -= static_cast<std::size_t>(taken);
    if (static_cast<std::size_t>(taken) < rest.size()) {
      piece.offset += static_cast<std::size_t>(taken);
      return;
    }
    backlog_->pieces.pop_front();
  }
  backlog_.reset();
  if (closing_) {
    shut_down();
    return;
  }
  guide(false);
  if (handler_ != nullptr) handler_->on_drained();
}

std::size_t Stream::backlog_bytes() const noexcept { return backlog_ == nullptr ? 0 : backlog_->bytes; }

void Stream::close_gracefully() {
  if (closed_ || closing_) return;
  closing_ = true;
  ended_ = true;
  handler_ = nullptr;
  guide(true);
  if (shard_.outlets()[outlet_].pending == nullptr && backlog_bytes() == 0) shut_down();
}

void Stream::shut_down() {
  ::shutdown(descriptor_, SHUT_WR);
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  shard_.arm(*backlog_, kLingerAfterFin);  // or until the peer closes; the shard keeps this object meanwhile
  if (readable_) shard_.resume(outlet_);
}

void Stream::abort() {
  ended_ = true;
  handler_ = nullptr;
  close_socket();
}

void Stream::close_socket() noexcept {
  if (closed_) return;
  closed_ = true;
  reading_ = false;
  if (backlog_ != nullptr) backlog_->cancel();
  guide(true);
  ::close(descriptor_);
  unwatch();
}

void Stream::unwatch() noexcept {
  if (std::exchange(watched_, false)) shard_.unwatch(*this);
}

void Stream::end(StreamEnd reason) {
  if (reason != StreamEnd::peer_closed) close_socket();
  if (ended_) return;
  ended_ = true;
  if (handler_ != nullptr) handler_->on_end(reason);
}

void Stream::end_later(StreamEnd reason) {
  close_socket();
  if (ended_) return;
  shard_.at_turn_end([self = StreamPtr(this), reason] { self->end(reason); });
}

int Stream::release() {
  if (closed_ || backlog_bytes() != 0) return -1;
  flush();
  if (closed_ || backlog_bytes() != 0) return -1;
  closed_ = true;
  ended_ = true;
  reading_ = false;
  handler_ = nullptr;
  guide(true);
  shard_.forget(descriptor_);
  unwatch();
  return descriptor_;
}

boost::asio::ip::tcp::endpoint Stream::peer() const noexcept {
  boost::asio::ip::tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (closed_ || ::getpeername(descriptor_, endpoint.data(), &size) != 0) return {};
  endpoint.resize(size);
  return endpoint;
}

}  // namespace togglecast::net
