// A vector for objects of which there are very many, each with few elements: `N` of them lie in the object
// itself, beside a header of eight bytes. (That of boost::container::small_vector has 24.) More elements move
// all of them to the heap, and they stay there. Thread rule: as std::vector.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace togglecast {

template <typename T, std::uint32_t N>
class CompactVector {
  static_assert(N > 0 && std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>);
  static_assert(alignof(T) <= alignof(std::max_align_t));

 public:
  CompactVector() noexcept {}  // NOLINT(modernize-use-equals-default): the place stays as it is
  CompactVector(const CompactVector& other) {
    for (const T& element : other) push_back(element);
  }
  CompactVector(CompactVector&& other) noexcept { take(other); }
  CompactVector& operator=(CompactVector other) noexcept {
    reset();
    take(other);
    return *this;
  }
  ~CompactVector() { reset(); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] T* begin() noexcept { return data(); }
  [[nodiscard]] T* end() noexcept { return data() + size_; }
  [[nodiscard]] const T* begin() const noexcept { return data(); }
  [[nodiscard]] const T* end() const noexcept { return data() + size_; }
  [[nodiscard]] T& operator[](std::size_t index) noexcept { return data()[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept { return data()[index]; }
  [[nodiscard]] T& front() noexcept { return *data(); }
  [[nodiscard]] const T& front() const noexcept { return *data(); }
  [[nodiscard]] T& back() noexcept { return data()[size_ - 1]; }
  [[nodiscard]] const T& back() const noexcept { return data()[size_ - 1]; }

  void push_back(T element) {
    if (size_ == capacity_) grow();
    ::new (static_cast<void*>(data() + size_)) T(std::move(element));
    ++size_;
  }
  void pop_back() noexcept {
    --size_;
    std::destroy_at(data() + size_);
  }
  void erase(T* element) noexcept {
    std::move(element + 1, end(), element);
    pop_back();
  }

 private:
  union Place {
    Place() noexcept {}   // NOLINT(modernize-use-equals-default): its elements come later
    ~Place() noexcept {}  // NOLINT(modernize-use-equals-default)
    T here[N];
    T* heap;
  };

  [[nodiscard]] bool on_heap() const noexcept { return capacity_ != N; }
  [[nodiscard]] T* data() noexcept { return on_heap() ? place_.heap : place_.here; }
  [[nodiscard]] const T* data() const noexcept { return on_heap() ? place_.heap : place_.here; }

  void grow() {
    const std::uint32_t capacity = capacity_ * 2;
    T* heap = std::allocator<T>().allocate(capacity);
    std::uninitialized_move(begin(), end(), heap);
    std::destroy(begin(), end());
    release();
    place_.heap = heap;
    capacity_ = capacity;
  }
  // Of the heap.
  void release() noexcept {
    if (on_heap()) std::allocator<T>().deallocate(place_.heap, capacity_);
  }
  void reset() noexcept {
    std::destroy(begin(), end());
    release();
    size_ = 0;
    capacity_ = N;
  }
  // Into an empty one.
  void take(CompactVector& other) noexcept {
    if (other.on_heap()) {
      place_.heap = other.place_.heap;
      capacity_ = std::exchange(other.capacity_, N);
      size_ = std::exchange(other.size_, 0);
      return;
    }
    std::uninitialized_move(other.begin(), other.end(), place_.here);
    size_ = other.size_;
    other.reset();
  }

  Place place_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = N;
};

}  // namespace togglecast
