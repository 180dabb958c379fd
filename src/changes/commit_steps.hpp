// Steps around a commit that must not throw past it. Thread rule: the committer's thread.
#pragma once

#include <exception>

#include "storage/write_transaction.hpp"

namespace togglecast::changes {

/// For log lines after the commit: what they throw must not change the answer.
template <typename Work>
void try_to(Work&& work) noexcept {
  try {
    work();
  } catch (...) {
    return;
  }
}

/// An exception of the store is an error like others.
[[nodiscard]] inline Result<void> commit_or_error(storage::WriteTransaction& transaction,
                                                  const storage::Commit& what) {
  try {
    return transaction.commit(what);
  } catch (const std::exception& error) {
    return fail(Errc::internal, error.what());
  }
}

}  // namespace togglecast::changes
