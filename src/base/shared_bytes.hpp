// Immutable bytes with many owners: encoded once, written to many sockets. One allocation holds the count,
// the size and the bytes. Thread rule: the bytes never change after construction. Any thread may copy and
// drop.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace togglecast {

class SharedBytes {
 public:
  SharedBytes() noexcept = default;
  /// Copies `bytes`.
  explicit SharedBytes(std::string_view bytes)
      : SharedBytes(make(bytes.size(), [bytes](char* to) { bytes.copy(to, bytes.size()); })) {}
  SharedBytes(const SharedBytes& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->count.fetch_add(1, std::memory_order_relaxed);
  }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() {
    if (block_ != nullptr && block_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(block_);
  }

  /// Allocates `size` bytes and lets `fill(char*)` write all of them.
  template <typename Fill>
  [[nodiscard]] static SharedBytes make(std::size_t size, Fill&& fill) {
    SharedBytes made(allocate(size));
    fill(made.block_->bytes());
    return made;
  }

  [[nodiscard]] std::string_view view() const noexcept {
    return block_ == nullptr ? std::string_view{} : std::string_view{block_->bytes(), block_->size};
  }
  [[nodiscard]] std::size_t size() const noexcept { return block_ == nullptr ? 0 : block_->size; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  /// Compares the blocks, not their content.
  [[nodiscard]] bool same_as(const SharedBytes& other) const noexcept { return block_ == other.block_; }
  explicit operator bool() const noexcept { return block_ != nullptr; }

  // For `net::QueuedBlock`, which counts the block once however many queues of the process it stands in.
  /// One queue more; how many there are now.
  [[nodiscard]] std::uint32_t enter_queue() const noexcept {
    return block_->queues.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  /// One less; how many are left.
  [[nodiscard]] std::uint32_t leave_queue() const noexcept {
    return block_->queues.fetch_sub(1, std::memory_order_relaxed) - 1;
  }

 private:
  struct Block {
    std::atomic<std::uint32_t> count{1};
    std::atomic<std::uint32_t> queues{0};
    std::size_t size = 0;
    [[nodiscard]] char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
  };
  explicit SharedBytes(Block* block) noexcept : block_(block) {}
  static Block* allocate(std::size_t size);
  static void destroy(Block* block) noexcept;

  Block* block_ = nullptr;
};

}  // namespace togglecast
