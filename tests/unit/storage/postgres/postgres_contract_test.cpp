// What every store must keep to, kept by PostgreSQL.
#include "unit/storage/asset_contract.hpp"
#include "unit/storage/fetched_contract.hpp"
#include "unit/storage/lease_contract.hpp"
#include "unit/storage/log_contract.hpp"
#include "unit/storage/message_contract.hpp"
#include "unit/storage/moving_contract.hpp"
#include "unit/storage/postgres/postgres_medium.hpp"
#include "unit/storage/prune_contract.hpp"
#include "unit/storage/together_contract.hpp"
#include "unit/storage/transfer_contract.hpp"
#include "unit/storage/usage_contract.hpp"

namespace togglecast::storage::testing {
namespace {

MakeMedium postgres_medium() {
  return [] { return std::make_unique<PostgresMedium>(); };
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Postgres, StoreContract, ::testing::Values(postgres_medium()));
INSTANTIATE_TEST_SUITE_P(Postgres, MessageContract, ::testing::Values(postgres_medium()));
INSTANTIATE_TEST_SUITE_P(Postgres, AssetContract, ::testing::Values(postgres_medium()));
INSTANTIATE_TEST_SUITE_P(Postgres, UsageContract, ::testing::Values(postgres_medium()));
INSTANTIATE_TEST_SUITE_P(Postgres, FetchedContract, ::testing::Values(postgres_medium()));
INSTANTIATE_TEST_SUITE_P(Postgres, LeaseContract, ::testing::Values(postgres_medium()));
INSTANTIATE_TEST_SUITE_P(Postgres, TransferContract, ::testing::Values(postgres_medium()));
INSTANTIATE_TEST_SUITE_P(Postgres, MovingContract, ::testing::Values(postgres_medium()));
INSTANTIATE_TEST_SUITE_P(Postgres, TogetherContract, ::testing::Values(postgres_medium()));
INSTANTIATE_TEST_SUITE_P(Postgres, PruneContract, ::testing::Values(postgres_medium()));

}  // namespace togglecast::storage::testing
