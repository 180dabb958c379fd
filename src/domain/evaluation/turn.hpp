// How long an evaluation may hold its thread: a rule takes at most a millisecond, but a view has many. An
// evaluation that may pause asks now and then, and goes on in another turn. Thread rule: one thread.
#pragma once

namespace togglecast::domain::evaluation {

class Turn {
 public:
  Turn() = default;
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  virtual ~Turn() = default;

  [[nodiscard]] virtual bool over() = 0;
};

/// For what does not pause.
class Unhurried final : public Turn {
 public:
  [[nodiscard]] bool over() override { return false; }
};

}  // namespace togglecast::domain::evaluation
