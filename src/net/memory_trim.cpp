#include "net/memory_trim.hpp"

#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

namespace togglecast::net {
namespace {

// Anonymous memory that is resident, in bytes. Mapped files are not the heap's.
std::size_t resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) * 1'024;
  return 0;
}

std::size_t idle_bytes() {
  const std::size_t resident = resident_bytes();
  const auto heap = ::mallinfo2();
  return resident - std::min(resident, heap.uordblks + heap.hblkhd);
}

}  // namespace

MemoryTrim::MemoryTrim(const ShardPool& shards, MemoryTrimOptions options)
    : shards_(shards), options_(std::move(options)), schedule_(options_.connections, options_.idle_bytes) {
  if (!options_.trim) options_.trim = [] { ::malloc_trim(0); };
  if (!options_.idle) options_.idle = idle_bytes;
  thread_ = std::thread([this] { run(); });
}

MemoryTrim::~MemoryTrim() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void MemoryTrim::run() {
  pthread_setname_np(pthread_self(), "memory-trim");
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, options_.every, [this] { return stopping_; })) {
    lock.unlock();
    look();
    lock.lock();
  }
}

void MemoryTrim::look() {
  std::uint64_t came = 0, went = 0;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const auto& counters = shards_.at(i).counters();
    came += counters.accepted.load(std::memory_order_relaxed);
    went += counters.closed_streams.load(std::memory_order_relaxed);
  }
  if (!schedule_.look(came, went, options_.idle())) return;
  options_.trim();
  schedule_.trimmed(options_.idle());
  trims_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace togglecast::net
