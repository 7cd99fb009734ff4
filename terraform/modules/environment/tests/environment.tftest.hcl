run "a_workspace_of_its_own_passes" {
  command = plan

  variables {
    environment = "staging"
    workspace   = "staging"
  }

  assert {
    condition     = output.name == "staging"
    error_message = "The environment's name is lost."
  }
}

run "the_workspace_default_is_refused" {
  command = plan

  variables {
    environment = "dev"
    workspace   = "default"
  }

  expect_failures = [output.name]
}

run "another_workspace_is_refused" {
  command = plan

  variables {
    environment = "prod"
    workspace   = "dev"
  }

  expect_failures = [output.name]
}

run "an_unknown_environment_is_refused" {
  command = plan

  variables {
    environment = "production"
    workspace   = "production"
  }

  expect_failures = [var.environment]
}
