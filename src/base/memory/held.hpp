// Something that is held for as long as a connection exists, and that knows by how many. A pointer to it
// takes eight bytes, and a holder nothing besides. Thread rule: any thread may take and drop pointers.
//
//   class Places : public Held {};
//   const HeldPtr places(new Places);      // `places->use_count() - 1` are held by others
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace togglecast {

class Held : public boost::intrusive_ref_counter<Held, boost::thread_safe_counter> {
 public:
  Held() = default;
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  virtual ~Held() = default;
};

/// May be null.
using HeldPtr = boost::intrusive_ptr<Held>;

}  // namespace togglecast
