// The start of a server whose PostgreSQL may be away: it waits, with growing pauses, and goes on when the
// database answers. What waiting does not mend ends the start at once: a wrong password, a newer schema.
// Thread rule: one thread.
#pragma once

#include <memory>
#include <optional>

#include "app/container.hpp"
#include "app/process/signals.hpp"

namespace togglecast::app {

struct PatientStart {
  std::unique_ptr<Container> server;  ///< null: a signal came first
  int signal = 0;
};

/// Builds the server. Errors as `Container::build`, and when `--store-wait` is over.
[[nodiscard]] Result<PatientStart> start_patiently(const Settings& settings, Runtime& runtime,
                                                   FirstLogin& first_login, const Signals& signals);

}  // namespace togglecast::app
