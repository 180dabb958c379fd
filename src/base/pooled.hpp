// Pools for objects that live as long as a connection. The objects lie side by side, without headers or
// holes, apart from the short-lived memory of requests. A pool never returns memory; it reuses it for later
// connections. Thread rule: any thread.
#pragma once

#include <cstddef>

// The sanitizers see the life of each object only where each has an allocation of its own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TOGGLECAST_POOLS 1
#include <boost/pool/pool_alloc.hpp>
#include <boost/pool/singleton_pool.hpp>
#include <mutex>
#include <new>
#else
#include <memory>
#endif

namespace togglecast {

#ifdef TOGGLECAST_POOLS

inline constexpr unsigned kPoolGrowth = 256;  ///< objects that a pool adds at a time

/// Base of a class whose objects come from a pool. The pool serves that class only, not classes derived from
/// it.
template <typename T>
class Pooled {
 public:
  static void* operator new(std::size_t) {
    if (void* place = PoolOf<T>::Type::malloc()) return place;
    throw std::bad_alloc();
  }
  static void operator delete(void* place) noexcept { PoolOf<T>::Type::free(place); }

 protected:
  ~Pooled() = default;

 private:
  struct Tag {};
  template <typename U>  // looked at only when T is complete
  struct PoolOf {
    using Type = boost::singleton_pool<Tag, sizeof(U), boost::default_user_allocator_new_delete, std::mutex,
                                       kPoolGrowth, kPoolGrowth>;
  };
};

/// For `std::allocate_shared`.
template <typename T>
using PoolAllocator = boost::fast_pool_allocator<T, boost::default_user_allocator_new_delete, std::mutex,
                                                 kPoolGrowth, kPoolGrowth>;

#else

template <typename T>
class Pooled {
 protected:
  ~Pooled() = default;
};
template <typename T>
using PoolAllocator = std::allocator<T>;

#endif

}  // namespace togglecast
