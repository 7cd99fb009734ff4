# A module of its own, since `terraform test` runs in the workspace `default`: the tests of the root
# stand in for it.
output "name" {
  description = "The environment, once it is sure that the state is its own."
  value       = var.environment

  precondition {
    condition     = var.workspace != "default"
    error_message = "The workspace 'default' holds no environment: use 'make plan ENV=${var.environment}', or select the workspace '${var.environment}'."
  }

  precondition {
    condition     = var.workspace == "default" || var.workspace == var.environment
    error_message = "The variables are those of '${var.environment}', the workspace is '${var.workspace}': one of the two is wrong."
  }
}
