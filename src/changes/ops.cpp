#include "changes/ops.hpp"

namespace togglecast::changes {

WriteRequest own_write(std::string environment, Source source, Build build) {
  return {std::move(environment), server_actor(source), std::nullopt, std::move(build)};
}

}  // namespace togglecast::changes
