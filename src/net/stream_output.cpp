// How a stream sends: straight to the kernel, or through the backlog.
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "net/stream_backlog.hpp"
#include "net/tls_session.hpp"

namespace togglecast::net {

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

void Stream::queue(const SharedBytes& block, std::size_t offset) {
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  const std::size_t size = block.size() - offset;
  const bool first = backlog_->pieces.size() == backlog_->encrypted;
  if (!first && backlog_->weight() + size > limits_->backlog_bytes) {
    overflow();
    return;
  }
  backlog_->pieces.push_back({block, offset});
  wait_for_room(size);
}

// After the earlier records: they must leave in the order in which they were made.
void Stream::queue_encrypted(std::string_view bytes) {
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>(*this);
  if (backlog_->bytes != 0 && backlog_->weight() + bytes.size() > limits_->backlog_bytes) {
    overflow();
    return;
  }
  const auto place = backlog_->pieces.begin() + static_cast<std::ptrdiff_t>(backlog_->encrypted);
  backlog_->pieces.insert(place, {SharedBytes(bytes), 0});
  ++backlog_->encrypted;
  wait_for_room(bytes.size());
}

void Stream::overflow() {
  ShardCounters::add(shard_.own_counters().overflowed_streams, 1);
  end_later(StreamEnd::overflow);
}

void Stream::wait_for_room(std::size_t more) {
  if (backlog_->bytes == 0) shard_.arm(*backlog_, limits_->stall);
  backlog_->bytes += more;
  write_directly(false);
}

// Encrypts one record of the first piece. Returns false when that failed, which has closed the stream.
bool Stream::encrypt_front() {
  auto& piece = backlog_->pieces.front();
  const std::string_view record = piece.block.view().substr(piece.offset, TlsSession::kRecordBytes);
  const std::string_view encrypted = tls_->encrypt(record);
  if (encrypted.empty()) {
    end_later(StreamEnd::error);
    return false;
  }
  piece.offset += record.size();
  if (piece.offset == piece.block.size()) backlog_->pieces.pop_front();
  backlog_->bytes += encrypted.size() - record.size();
  backlog_->pieces.push_front({SharedBytes(encrypted), 0});
  ++backlog_->encrypted;
  return true;
}

void Stream::write_backlog() {
  while (!backlog_->pieces.empty()) {
    if (tls_ != nullptr && backlog_->encrypted == 0 && !encrypt_front()) return;
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

std::size_t Stream::backlog_bytes() const noexcept { return backlog_ == nullptr ? 0 : backlog_->bytes; }

}  // namespace togglecast::net
