// How a stream sends: straight to the kernel, or through the backlog.
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "net/stream_backlog.hpp"
#include "net/tls_session.hpp"

namespace togglecast::net {
namespace {

constexpr std::size_t kCollectedBytes =
    64 * 1024;  // by one turn, before the stream sees what the kernel takes

}  // namespace

void Stream::send(const SharedBytes& block) {
  if (closed_ || closing_ || block.empty()) return;
  const bool large = block.size() >= kCollectedBytes;
  if (large) flush();  // joined with others it would be copied for this peer alone
  if (closed_) return;
  if (backlog_bytes() != 0) {
    queue(block, 0);
  } else {
    shard_.collect(outlet_, block);
    if (large) flush();
  }
}

void Stream::flush() { flush(0); }

void Stream::flush(std::size_t taken) {
  Outlet& outlet = shard_.outlets()[outlet_];
  if (outlet.pending == nullptr) return;
  const SharedBytes bytes = SendChains::join(*std::exchange(outlet.pending, nullptr));
  if (closed_) return;
  const std::string_view rest = bytes.view().substr(taken);
  const std::ptrdiff_t more = tls_ == nullptr ? write_some(rest) : encrypt_some(rest);
  if (closed_) return;
  if (more >= 0 && taken + static_cast<std::size_t>(more) < bytes.size())
    queue(bytes, taken + static_cast<std::size_t>(more));
  if (closing_ && backlog_bytes() == 0) shut_down();
}

std::ptrdiff_t Stream::encrypt_some(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::string_view record = bytes.substr(taken, TlsSession::kRecordBytes);
    const std::string_view encrypted = tls_->encrypt(record);
    if (encrypted.empty()) {
      end_later(StreamEnd::error);
      return -1;
    }
    taken += record.size();
    const std::ptrdiff_t sent = write_some(encrypted);
    if (sent < 0) return -1;
    if (static_cast<std::size_t>(sent) < encrypted.size()) {
      queue_encrypted(encrypted.substr(static_cast<std::size_t>(sent)));
      break;
    }
  }
  return static_cast<std::ptrdiff_t>(taken);
}

void Stream::send_encrypted(std::string_view bytes) {
  if (closed_) return;
  std::ptrdiff_t sent = 0;
  if (backlog_ == nullptr || backlog_->encrypted == 0) {
    sent = write_some(bytes);
    if (sent < 0) return;
  }
  if (static_cast<std::size_t>(sent) < bytes.size())
    queue_encrypted(bytes.substr(static_cast<std::size_t>(sent)));
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

bool Stream::may_wait(std::size_t size) {
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  const auto turn = shard_.counters().turns.load(std::memory_order_relaxed);
  if (backlog_->take(size, limits_->backlog_bytes, turn)) return true;
  ShardCounters::add(shard_.own_counters().overflowed_streams, 1);
  end_later(StreamEnd::overflow);
  return false;
}

void Stream::queue(const SharedBytes& block, std::size_t offset) {
  const std::size_t size = block.size() - offset;
  if (!may_wait(size)) return;
  backlog_->push(block, offset);
  wait_for_room(size);
}

// After the earlier records: they must leave in the order in which they were made.
void Stream::queue_encrypted(std::string_view bytes) {
  if (!may_wait(bytes.size())) return;
  backlog_->push_encrypted(SharedBytes(bytes));
  wait_for_room(bytes.size());
}

void Stream::wait_for_room(std::size_t more) {
  if (backlog_->bytes == 0) {
    backlog_->progressed = shard_.now();
    shard_.arm(*backlog_, stall());
  }
  backlog_->bytes += more;
  write_directly(false);
  note_queued();
}

Milliseconds Stream::stall() const noexcept { return closing_ ? backlog_->closing_stall : limits_->stall; }

void Stream::note_queued() {
  shard_.output_queues().set(*backlog_, backlog_->pieces.size() * Backlog::kPieceCost, backlog_->shares);
}

// Encrypts one record of the first piece. Returns false when that failed, which has closed the stream.
bool Stream::encrypt_front() {
  auto& piece = backlog_->pieces.front();
  const std::string_view record = piece.block->view().substr(piece.offset, TlsSession::kRecordBytes);
  const std::string_view encrypted = tls_->encrypt(record);
  if (encrypted.empty()) {
    end_later(StreamEnd::error);
    return false;
  }
  piece.offset += record.size();
  if (piece.offset == piece.block->size()) backlog_->pop();
  backlog_->bytes += encrypted.size() - record.size();
  backlog_->push_encrypted(SharedBytes(encrypted));
  return true;
}

void Stream::write_backlog() {
  while (!backlog_->pieces.empty()) {
    if (tls_ != nullptr && backlog_->encrypted == 0 && !encrypt_front()) return;
    auto& piece = backlog_->pieces.front();
    const std::string_view rest = piece.block->view().substr(piece.offset);
    const std::ptrdiff_t taken = write_some(rest);
    if (taken < 0) return;
    if (taken > 0) {
      backlog_->progress(shard_.now());
      shard_.arm(*backlog_, stall());
    }
    backlog_->bytes -= static_cast<std::size_t>(taken);
    if (static_cast<std::size_t>(taken) < rest.size()) {
      piece.offset += static_cast<std::size_t>(taken);
      note_queued();
      return;
    }
    backlog_->pop();
    if (backlog_->encrypted != 0) --backlog_->encrypted;
  }
  backlog_.reset();
  if (closing_) {
    shut_down();
    return;
  }
  write_directly(true);
  if (handler_ != nullptr) handler_->on_drained();
}

bool Stream::congested() {
  if (closed_) return false;
  const auto* pending = shard_.outlets()[outlet_].pending;
  if (pending != nullptr && pending->total > kCollectedBytes) flush();
  return !closed_ && backlog_bytes() > limits_->unread_bytes;
}

std::size_t Stream::backlog_bytes() const noexcept { return backlog_ == nullptr ? 0 : backlog_->bytes; }

std::size_t Stream::collected_bytes() const noexcept {
  const auto* pending = shard_.outlets()[outlet_].pending;
  return pending == nullptr ? 0 : pending->total;
}

Milliseconds Stream::stalled() const noexcept {
  if (backlog_bytes() == 0) return Milliseconds{0};
  return std::chrono::duration_cast<Milliseconds>(shard_.now() - backlog_->progressed);
}

Unread Stream::unread() const noexcept { return backlog_ == nullptr ? Unread{} : backlog_->unread; }

bool Stream::discard_backlog() noexcept {
  constexpr std::size_t kMostBegun = 512 * 1024;
  shard_.outlets()[outlet_].pending = nullptr;
  if (backlog_bytes() == 0) return !closed_;
  backlog_->give_up();
  auto& pieces = backlog_->pieces;
  // Encrypted pieces stand before all others, and the block that they were made of may have begun too.
  std::size_t kept = backlog_->encrypted;
  if (kept < pieces.size() && pieces[kept].offset != 0) ++kept;
  std::size_t left = 0;
  for (std::size_t i = 0; i < kept; ++i) left += pieces[i].block->size() - pieces[i].offset;
  if (left > kMostBegun) return false;
  while (pieces.size() > kept) backlog_->pop_back();
  backlog_->bytes = left;
  note_queued();
  return true;
}

void Stream::shed() {
  const StreamPtr keep(this);
  if (!closing_ && handler_ != nullptr && handler_->on_shed()) return;
  end(StreamEnd::overflow);
}

}  // namespace togglecast::net
