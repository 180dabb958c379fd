// What pushes count. Thread rule: any thread.
#pragma once

#include "observe/metrics.hpp"

namespace togglecast::delivery {

/// Added up over all shards.
struct PushCounters {
  observe::Counter& commits;    ///< commits pushed, per shard
  observe::Counter& delivered;  ///< batches handed to subscribers
  observe::Counter& deferred;   ///< subscribers found busy
  observe::Counter& slices;     ///< pieces that pushes were done in
  observe::Counter& inputs;     ///< distinct inputs that were looked at
  observe::Counter& evaluated;  ///< answers worked out: a feature for one input in one state
  observe::Counter& encoded;    ///< batches encoded
};

}  // namespace togglecast::delivery
